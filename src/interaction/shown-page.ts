import { createHash } from 'node:crypto';

import { languageOf } from '../language/index.ts';
import type { Shown } from '../records/index.ts';
import type { PageName, Pages } from './pages.ts';
import type { Visit } from './visit.ts';

/** A page as its person reads it, and a name for exactly that text. */
export interface ShownPage extends Shown {
  readonly data: Readonly<Record<string, unknown>>;
  readonly digest: string;
}

/** The page without what makes its form work once, and without what was wrong with the last try. */
export function shownPage(
  { ctx, pending }: Pick<Visit, 'ctx' | 'pending'>,
  page: PageName,
  data: Readonly<Record<string, unknown>>,
  pages: Pages,
): ShownPage {
  const form = { action: `/interaction/${pending.uid}`, step: page };
  const html = pages.text(ctx, page, { ...data, form });
  return {
    data,
    html,
    language: languageOf(ctx).tag,
    digest: createHash('sha256').update(html).digest('base64url'),
  };
}

/** The field in which a form says which text stood above it. */
export const SHOWN = 'shown';

/** With the name that the page gives this patient. */
export function patientOn({ data }: ShownPage, id: string): { readonly id: string; readonly name?: string } {
  const { name } = (data['patient'] ?? {}) as { readonly name?: string };
  return { id, ...(name === undefined ? {} : { name }) };
}
