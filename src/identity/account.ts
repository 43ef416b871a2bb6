import { z } from 'zod';

import type { AccountId } from '../oauth/index.ts';

export const ROLES = ['patient', 'practitioner'] as const;
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
    if (role === 'patient' && !fhirUser?.startsWith('Patient/')) {
      check.addIssue({
        code: 'custom',
        path: ['fhirUser'],
        message: 'a patient needs a fhirUser such as Patient/123',
      });
    }
  });
export type NewAccount = z.output<typeof newAccount>;

/** Somebody who can sign in. */
export interface Account extends NewAccount {
  readonly accountId: AccountId;
  /** PHC string of an argon2id hash; absent: no password of ours opens it. */
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

/** User names are compared without regard to case or Unicode spelling. */
export function canonicalUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/**
 * The most a person of this role can pass on to an app. A patient's rights end at the own record, so nothing at
 * `user/` level: a resource server reads that as "everything this user may see" across patients (SEM-07).
 */
export function rightsOf(role: Role): string {
  return role === 'patient' ? 'patient/*.cruds' : 'patient/*.cruds user/*.cruds';
}

/** The id of the one patient this account may act for; `undefined` for those who choose one. */
export function ownPatient(account: Pick<Account, 'role' | 'fhirUser'>): string | undefined {
  return account.role === 'patient' ? account.fhirUser?.slice('Patient/'.length) : undefined;
}

/** May this account put this patient in context? The one rule, asked again wherever a form names a patient. */
export function maySeePatient(account: Pick<Account, 'role' | 'fhirUser'>, patient: string): boolean {
  return account.role === 'practitioner' || ownPatient(account) === patient;
}
