import type { AccountId } from '../oauth/index.ts';
import type { Account, AccountStore } from './account.ts';
import { issueCode, takeCode, type OneTimeParts } from './factors/one-time.ts';
import type { ComposeMail, Outbox } from './mail.ts';

export const MAILED_CODE_SECONDS = 600;

export interface MailedCodeParts extends OneTimeParts {
  readonly outbox: Outbox;
  /** Counts mail to somebody; `false`: it was enough for now. */
  readonly mayMail: (accountId: AccountId) => Promise<boolean>;
}

/**
 * Sends a code to the address of a person, where it is known to be theirs, to be typed in the same browser.
 *
 * @param binding the interaction or session of that browser
 */
export function mailSignInCode(
  parts: MailedCodeParts,
  account: Pick<Account, 'accountId' | 'email' | 'emailVerified'>,
  binding: string,
  compose: ComposeMail,
): void {
  const { email, emailVerified, accountId } = account;
  if (email === undefined || !emailVerified) return;
  mail(parts, { accountId, to: email, name: signInName(accountId, binding), compose });
}

export function takeSignInCode(
  parts: OneTimeParts,
  accountId: AccountId,
  binding: string,
  code: string,
): ReturnType<typeof takeCode> {
  return takeCode(parts, signInName(accountId, binding), code);
}

/** Sends a code to an address that somebody says is theirs. */
export function mailAddressCode(
  parts: MailedCodeParts,
  accountId: AccountId,
  address: string,
  compose: ComposeMail,
): void {
  mail(parts, { accountId, to: address, name: addressName(accountId, address), compose });
}

/** The code shows that they read what is sent there: from now on the address is theirs. */
export async function confirmAddress(
  parts: OneTimeParts & { readonly accounts: Pick<AccountStore, 'change'> },
  accountId: AccountId,
  address: string,
  code: string,
): Promise<'confirmed' | 'wrong' | 'gone'> {
  const taken = await takeCode(parts, addressName(accountId, address), code);
  if (taken !== 'right') return taken;
  await parts.accounts.change(accountId, (account) => ({ ...account, email: address, emailVerified: true }));
  return 'confirmed';
}

interface Letter {
  readonly accountId: AccountId;
  readonly to: string;
  readonly name: string;
  readonly compose: ComposeMail;
}

function mail(parts: MailedCodeParts, { accountId, to, name, compose }: Letter): void {
  parts.outbox.post(async () => {
    if (!(await parts.mayMail(accountId))) return undefined;
    return { to, ...compose(await issueCode(parts, name, MAILED_CODE_SECONDS)) };
  });
}

function signInName(accountId: AccountId, binding: string): string {
  return `sign-in ${accountId} ${binding}`;
}

/** With the address: a code for one does not confirm another. */
function addressName(accountId: AccountId, address: string): string {
  return `address ${accountId} ${address.toLowerCase()}`;
}
