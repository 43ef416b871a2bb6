import { createHash } from 'node:crypto';

import type { Shown } from './decision.ts';

/** The field in which a form says which text stood above it. */
export const SHOWN = 'shown';

/** A page as its person reads it, and a name for exactly that text. */
export interface ShownPage<Data = object> extends Shown {
  /** What it was drawn from. */
  readonly data: Data;
  readonly digest: string;
}

/** @param html without what makes its form work once, and without what was wrong with the last try */
export function shownPage<Data>(data: Data, html: string, language: string): ShownPage<Data> {
  return { data, html, language, digest: createHash('sha256').update(html).digest('base64url') };
}
