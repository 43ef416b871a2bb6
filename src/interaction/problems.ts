import type { Context } from 'koa';

import { languageOf } from '../language/index.ts';
import type { InteractionParts } from './parts.ts';
import type { VisitProblem } from './visit.ts';

/** Says why it cannot go on, whoever is in front of it. */
export function showProblem(
  ctx: Context,
  problem: VisitProblem | 'fhir-away' | 'not-recorded' | 'sign-in-lost' | 'no-cookies',
  { pages }: Pick<InteractionParts, 'pages'>,
  more: { readonly status: number; readonly code?: string; readonly restartHref?: string },
): void {
  const { say } = languageOf(ctx);
  pages.error(ctx, {
    heading: say(`problem.${problem}.heading`),
    message: say(`problem.${problem}.message`),
    advice: say(`problem.${problem}.advice`),
    ...more,
  });
}
