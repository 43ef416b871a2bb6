import { randomBytes } from 'node:crypto';

import type { IdentityProviderConfig } from '../config/index.ts';
import { fitsRole, newAccount, type Account, type AccountStore, type Role } from '../identity/index.ts';
import type { AccountId } from '../oauth/index.ts';
import type { AccountLinks } from './links.ts';
import { personOf, type SaidOfPerson } from './person.ts';
import type { SignInProblem } from './problems.ts';
import type { Claims } from './relying-party.ts';

/** `away`: nobody can tell now. */
export type FoundPerson = { readonly ids: readonly string[] } | 'away';

export interface AccountParts {
  readonly accounts: AccountStore;
  readonly links: AccountLinks;
  /** Ends what somebody was granted for the rights they had. */
  readonly endGrants: (accountId: AccountId) => Promise<void>;
  /** Who has this identifier on that FHIR server. */
  readonly findPerson: (
    fhirBaseUrl: string,
    type: 'Patient' | 'Practitioner' | 'RelatedPerson',
    identifier: { readonly system: string; readonly value: string },
  ) => Promise<FoundPerson>;
}

export type FoundAccount =
  | {
      readonly ok: true;
      readonly account: Account;
      readonly change?: 'added' | 'updated';
      /** What the provider says otherwise than before. */
      readonly fields: readonly string[];
    }
  | { readonly ok: false; readonly problem: SignInProblem; readonly accountId?: AccountId };

/**
 * The account of somebody whom a provider knows. It is found by provider and `sub`, never by a name or an address: whoever
 * may choose those there would take over accounts here.
 *
 * @param fhirBaseUrls those the provider is for; people are looked for on the first
 */
export async function accountOf(
  provider: IdentityProviderConfig,
  claims: Claims,
  fhirBaseUrls: readonly string[],
  parts: AccountParts,
): Promise<FoundAccount> {
  const linked = await parts.links.find(provider.id, claims.sub);
  const known = linked === undefined ? undefined : await parts.accounts.find(linked);
  if (known?.disabled) return { ok: false, problem: 'disabled', accountId: known.accountId };
  if (!known && !provider.createAccounts) return { ok: false, problem: 'unknown-account' };
  const said = personOf(provider, claims, fhirBaseUrls);
  const whose = known ? { accountId: known.accountId } : {};
  if (said.hasNoRole) return { ok: false, problem: 'no-role', ...whose };
  const role = said.role ?? known?.role ?? roleOf(said.fhirUser);
  if (role === undefined) return { ok: false, problem: 'no-role' };
  const fhir = await fhirUserOf(said, role, known, fhirBaseUrls[0] ?? '', parts);
  if (typeof fhir === 'string') return { ok: false, problem: fhir, ...whose };
  const now = { ...said, role, ...fhir };
  return known ? update(known, now, parts) : create(provider, claims.sub, linked, now, parts);
}

function roleOf(fhirUser = ''): Role | undefined {
  if (fhirUser.startsWith('Patient/')) return 'patient';
  if (/^(RelatedPerson|Person)\//.test(fhirUser)) return 'representative';
  return fhirUser.startsWith('Practitioner') ? 'practitioner' : undefined;
}

const SEARCHED = {
  patient: 'Patient',
  practitioner: 'Practitioner',
  representative: 'RelatedPerson',
} as const satisfies Record<Role, string>;

/** The person in FHIR: as the provider says, as the FHIR server finds them, else as the account has it. */
async function fhirUserOf(
  said: SaidOfPerson,
  role: Role,
  known: Account | undefined,
  fhirBaseUrl: string,
  { findPerson }: AccountParts,
): Promise<{ readonly fhirUser?: string } | SignInProblem> {
  const kept = known?.role === role ? known.fhirUser : undefined;
  if (said.fhirUser === undefined && said.identifier) {
    const type = SEARCHED[role];
    const found = await findPerson(fhirBaseUrl, type, said.identifier);
    // Who was found before can still stop apps while the FHIR server is away.
    if (found === 'away') return kept === undefined ? 'fhir-away' : { fhirUser: kept };
    const [id, ...more] = found.ids;
    return id === undefined || more.length > 0 ? 'person-not-found' : { fhirUser: `${type}/${id}` };
  }
  const fhirUser = said.fhirUser ?? kept;
  if (!fitsRole(role, fhirUser)) return 'no-fhir-user';
  return fhirUser === undefined ? {} : { fhirUser };
}

type Now = SaidOfPerson & { readonly role: Role; readonly fhirUser?: string };

/** Name, role and FHIR person follow the provider. What was granted for another role or person ends. */
async function update(known: Account, now: Now, parts: AccountParts): Promise<FoundAccount> {
  const { fhirUser: _before, ...rest } = known;
  const account: Account = {
    ...rest,
    name: now.name ?? known.name,
    role: now.role,
    ...(now.fhirUser === undefined ? {} : { fhirUser: now.fhirUser }),
  };
  const fields = (['name', 'role', 'fhirUser'] as const).filter((field) => account[field] !== known[field]);
  if (fields.length === 0) return { ok: true, account: known, fields };
  await parts.accounts.save(account);
  if (fields.some((field) => field !== 'name')) await parts.endGrants(account.accountId);
  return { ok: true, account, change: 'updated', fields };
}

/** @param linked an account id that leads to nobody: the process that made it ended in between */
async function create(
  { id: provider }: IdentityProviderConfig,
  sub: string,
  linked: AccountId | undefined,
  { username, name = username, role, fhirUser }: Now,
  { accounts, links }: AccountParts,
): Promise<FoundAccount> {
  const accountId = linked ?? `u-${randomBytes(12).toString('base64url')}`;
  const made = newAccount.safeParse({
    username,
    name,
    role,
    ...(fhirUser === undefined ? {} : { fhirUser }),
  });
  if (!made.success) return { ok: false, problem: 'username' };
  // The link first: an account that nobody can sign in to would hold the user name for good.
  if (linked === undefined && !(await links.add(provider, sub, accountId)))
    return lateFor(provider, sub, links, accounts);
  const account: Account = { ...made.data, accountId, disabled: false };
  if (await accounts.add(account)) return { ok: true, account, change: 'added', fields: [] };
  await links.remove(provider, sub);
  return { ok: false, problem: 'username' };
}

/** The same person signed in twice at once: the account is the one that the other made. */
async function lateFor(
  provider: string,
  sub: string,
  links: AccountLinks,
  accounts: AccountStore,
): Promise<FoundAccount> {
  const id = await links.find(provider, sub);
  const account = id === undefined ? undefined : await accounts.find(id);
  return account && !account.disabled ? { ok: true, account, fields: [] } : { ok: false, problem: 'failed' };
}
