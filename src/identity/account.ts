import { z } from 'zod';

import type { AccountId } from '../oauth/index.ts';

/** A representative has no record here and acts for others: a parent, a guardian, who has a power of attorney. */
export const ROLES = ['patient', 'practitioner', 'representative'] as const;
export type Role = (typeof ROLES)[number];

/** The FHIR types a person may be (OIDC-06). */
const FHIR_USER = /^(Patient|Practitioner|PractitionerRole|RelatedPerson|Person)\/[A-Za-z0-9.-]{1,64}$/;
const USERNAME = /^[^\s\p{C}]{1,100}$/u;

export const newAccount = z
  .strictObject({
    username: z.string().regex(USERNAME, 'use 1 to 100 characters without spaces'),
    name: z.string().min(1).max(200),
    role: z.enum(ROLES),
    /** The person as a FHIR resource, relative to the FHIR server, such as `Patient/123`. */
    fhirUser: z.string().regex(FHIR_USER, 'write it as Patient/123 or Practitioner/123').optional(),
    /** Where codes are sent, once it is known to be theirs. */
    email: z.email('must be an e-mail address').max(254).optional(),
  })
  .superRefine(({ role, fhirUser }, check) => {
    const message = problemOf(role, fhirUser);
    if (message !== undefined) check.addIssue({ code: 'custom', path: ['fhirUser'], message });
  });
export type NewAccount = z.output<typeof newAccount>;

/** Somebody who can sign in. */
export interface Account extends NewAccount {
  readonly accountId: AccountId;
  /** PHC string: argon2id, or PBKDF2 where it was set in FIPS mode; absent: no password of ours opens it. */
  readonly passwordHash?: string;
  readonly disabled: boolean;
  /** The address in `email` is theirs: they have shown so, or staff has looked. */
  readonly emailVerified?: boolean;
}

/** Where accounts are kept; `store/` implements it. */
export interface AccountStore {
  /** `false` when the user name is taken. */
  add(account: Account): Promise<boolean>;
  find(id: AccountId): Promise<Account | undefined>;
  findByUsername(username: string): Promise<Account | undefined>;
  list(): Promise<readonly Account[]>;
  save(account: Account): Promise<void>;
  /**
   * Changes an account in one step, from what it is at that moment: who is disabled meanwhile stays so.
   *
   * @param edit may be asked more than once
   * @returns as it is now; `undefined`: there is no such account
   */
  change(id: AccountId, edit: (account: Account) => Account): Promise<Account | undefined>;
}

/** Why somebody of this role cannot be this person in FHIR; `undefined`: they can. */
function problemOf(role: Role, fhirUser = ''): string | undefined {
  if (role === 'patient' && !fhirUser.startsWith('Patient/'))
    return 'a patient needs a fhirUser such as Patient/123';
  if (role === 'representative' && !/^(RelatedPerson|Person)\//.test(fhirUser))
    return 'a representative needs a fhirUser such as RelatedPerson/123 or Person/123';
  return undefined;
}

/** Can somebody of this role be this person in FHIR? */
export function fitsRole(role: Role, fhirUser: string | undefined): boolean {
  return problemOf(role, fhirUser) === undefined;
}

/** User names are compared without regard to case or Unicode spelling. */
export function canonicalUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/**
 * The most a person of this role can pass on to an app. The rights of a patient end at the own record, those of a
 * representative at the record of whom they act for, so nothing at `user/` level: a resource server reads that as "everything this user may see" across patients (SEM-07).
 */
export function rightsOf(role: Role): string {
  return role === 'practitioner' ? 'patient/*.cruds user/*.cruds' : 'patient/*.cruds';
}

/** The id of a patient's own record. */
export function ownPatient(account: Pick<Account, 'role' | 'fhirUser'>): string | undefined {
  return account.role === 'patient' ? account.fhirUser?.slice('Patient/'.length) : undefined;
}

/**
 * The ids of all whose record this account may open: the own one first, then those they act for; `undefined`: a
 * clinician's, who may open everybody's. The one rule, asked again wherever a form or a launch names a patient.
 *
 * @param actsFor ids of patients, as the FHIR server says at this moment
 */
export function patientsWithin(
  account: Pick<Account, 'role' | 'fhirUser'>,
  actsFor: readonly string[],
): readonly string[] | undefined {
  if (account.role === 'practitioner') return undefined;
  const own = ownPatient(account);
  return [...new Set([...(own === undefined ? [] : [own]), ...actsFor])];
}
