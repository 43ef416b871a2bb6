import Tokens from 'csrf';
import type { Context } from 'koa';

import type { Visit } from './visit.ts';

const tokens = new Tokens();

/** The hidden fields of a step's form. */
export function formOf({ pending, progress }: Visit, step: string): Record<string, string> {
  return { action: `/interaction/${pending.uid}`, csrf: tokens.create(progress.csrfSecret), step };
}

/** The posted fields, each as a list; anything that is not text is left out. */
export function fieldsOf(ctx: Context): ReadonlyMap<string, readonly string[]> {
  const { body } = ctx.request as { body?: unknown };
  if (typeof body !== 'object' || body === null) return new Map();
  return new Map(
    Object.entries(body).map(([name, value]) => [
      name,
      [value].flat().filter((one) => typeof one === 'string'),
    ]),
  );
}

/** Was this form made by us, for this interaction (attack row A067)? */
export function isOwnForm({ progress }: Visit, fields: ReadonlyMap<string, readonly string[]>): boolean {
  return tokens.verify(progress.csrfSecret, fields.get('_csrf')?.[0] ?? '');
}
