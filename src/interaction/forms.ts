import Tokens from 'csrf';
import type { Context } from 'koa';

import type { Visit } from './visit.ts';

const tokens = new Tokens();

/** The hidden fields of a step's form. */
export function formOf({ pending, formSecret }: Visit, step: string): Record<string, string> {
  return { action: `/interaction/${pending.uid}`, csrf: tokens.create(formSecret), step };
}

/**
 * The posted fields, each as a list, read from the form as it was sent: the parser that checked it makes something else
 * of a field with more than twenty values, and people are asked about more scopes than that.
 */
export function fieldsOf(ctx: Context): ReadonlyMap<string, readonly string[]> {
  const { rawBody } = ctx.request as { rawBody?: string };
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(rawBody ?? '')) {
    const known = fields.get(name);
    if (known) known.push(value);
    else fields.set(name, [value]);
  }
  return fields;
}

/** Was this form made by us, for this interaction (attack row A067)? */
export function isOwnForm({ formSecret }: Visit, fields: ReadonlyMap<string, readonly string[]>): boolean {
  return tokens.verify(formSecret, fields.get('_csrf')?.[0] ?? '');
}
