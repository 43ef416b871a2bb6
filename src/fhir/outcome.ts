import { z } from 'zod';

/** Not an answer to what was sent: the same may be taken later. */
export const LATER: ReadonlySet<number> = new Set([401, 408, 429]);
const MAX_REASON = 300;

const outcome = z.looseObject({
  issue: z.array(z.looseObject({ diagnostics: z.string().optional(), code: z.string().optional() })),
});

/** What the server says is wrong, as one line without control characters. */
export function issueIn(body: unknown): string | undefined {
  const issue = outcome.safeParse(body).data?.issue[0];
  const text = issue?.diagnostics ?? issue?.code;
  return text?.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, MAX_REASON);
}

export function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown; name?: unknown }; message?: unknown };
  const why = cause?.code ?? cause?.name;
  return `${String(message)}${typeof why === 'string' ? ` (${why})` : ''}`;
}
