import { issueRecoveryCodes } from '../identity/index.ts';
import type { Occasion, SecondStepParts } from './parts.ts';

/** Makes codes for when everything else is lost, and shows them this once. */
export async function showPrintedCodes(
  { ctx, account, seen }: Occasion,
  onward: string,
  parts: SecondStepParts,
): Promise<void> {
  const { accountId, username } = account;
  const codes = await issueRecoveryCodes(parts, accountId);
  const changed = { type: 'account.changed', outcome: 'success', change: 'factors' } as const;
  await parts.audit.record({ ...changed, what: 'recovery-codes', accountId, ...seen });
  parts.render(ctx, 'printed-codes', { codes, username, onward });
}
