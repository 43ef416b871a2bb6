import { createHash } from 'node:crypto';
import type { Context } from 'koa';

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
  // Each request has a reference of its own, and the page is the same.
  const reference: unknown = ctx.state['reference'];
  ctx.state['reference'] = '';
  const html = text(ctx, 'my-app', { ...data, form });
  ctx.state['reference'] = reference;
  return { data, html, language: LANGUAGE, digest: createHash('sha256').update(html).digest('base64url') };
}

/** Of all pages, until they speak another one. */
const LANGUAGE = 'en';
/** The field in which a form says which text stood above it. */
export const SHOWN = 'shown';
