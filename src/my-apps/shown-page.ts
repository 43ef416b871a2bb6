import { createHash } from 'node:crypto';
import type { Context } from 'koa';

import { languageOf } from '../language/index.ts';
import type { Shown } from '../records/index.ts';
import type { MyAppsParts } from './parts.ts';

/** A page as its person reads it, and a name for exactly that text. */
export interface ShownPage extends Shown {
  readonly data: object;
  readonly digest: string;
}

/** @param form without what makes it work once */
export function shownPage(
  ctx: Context,
  data: object,
  form: { readonly action: string; readonly step: string },
  { text }: Pick<MyAppsParts, 'text'>,
): ShownPage {
  const html = text(ctx, 'my-app', { ...data, form });
  return {
    data,
    html,
    language: languageOf(ctx).tag,
    digest: createHash('sha256').update(html).digest('base64url'),
  };
}

/** The field in which a form says which text stood above it. */
export const SHOWN = 'shown';
