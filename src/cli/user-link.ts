import type { Account } from '../identity/index.ts';
import { UserError } from './explain.ts';
import { keepEndings, livingOf, type Office, type OfficeOptions } from './office.ts';

export interface LinkOptions extends OfficeOptions {
  readonly provider: string;
  readonly sub: string;
  readonly remove?: boolean;
}

/** Lets a provider sign a person in, by what it calls them: a name or an address there proves nothing. */
export async function linkUser(username: string, options: LinkOptions, office: Office): Promise<void> {
  const { provider, sub, remove = false } = options;
  const account = await office.accounts.findByUsername(username);
  if (!account) throw new UserError(`there is no user ${username}`);
  if (remove) await takeBack(account, options, office);
  else {
    await office.untilRecordable();
    await add(account, options, office);
  }
  const { accountId } = account;
  const change = remove ? 'unlinked' : 'linked';
  await office.audit.record({ type: 'account.changed', outcome: 'success', change, accountId, provider });
  process.stdout.write(`user ${username} is ${change}: ${sub} at ${provider}\n`);
}

async function add(
  { accountId, username }: Account,
  { provider, sub }: LinkOptions,
  { config, links, accounts }: Office,
): Promise<void> {
  if (!config.signIn.providers.some(({ id }) => id === provider))
    throw new UserError(`there is no provider ${provider} in signIn.providers`);
  const taken = await links.find(provider, sub);
  const other = taken === undefined ? undefined : await accounts.find(taken);
  if (other) throw new UserError(`${sub} at ${provider} is linked already, to ${other.username}`);
  // It leads to nobody: an account was to be made, and the process ended.
  if (taken !== undefined) await links.remove(provider, sub);
  if (!(await links.add(provider, sub, accountId)))
    throw new UserError(`${sub} at ${provider} was linked just now; ${username} was not`);
}

async function takeBack(
  { accountId, username }: Account,
  { provider, sub }: LinkOptions,
  office: Office,
): Promise<void> {
  const { links, grants } = office;
  if ((await links.find(provider, sub)) !== accountId)
    throw new UserError(`${sub} at ${provider} is not linked to ${username}`);
  await links.remove(provider, sub);
  const known = await livingOf(office, { accountId });
  await grants.revokeAllOf({ accountId });
  await keepEndings(office, known, { by: 'operator', why: 'account-changed' });
}
