import {
  askedAgain,
  type ConsentMemory,
  type GrantSummary,
  type RememberedDecision,
} from '../consent/index.ts';

/**
 * Whatever was remembered about an app, it is no reason any more not to ask; what was left out stays left out. Where it was
 * edited only what is added stays: taking something back waits for no memory.
 *
 * @param change what is added
 */
export async function askAgain(
  { accountId, clientId }: Pick<GrantSummary, 'accountId' | 'clientId'>,
  memory: ConsentMemory,
  change: (known: readonly RememberedDecision[]) => readonly RememberedDecision[] = (known) => known,
): Promise<void> {
  const known = await memory.ifReadable(accountId, clientId);
  const next = askedAgain(change(known ?? []));
  if (known?.length !== 0 || next.length > 0) await memory.save(accountId, clientId, next);
}
