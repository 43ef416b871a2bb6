import { isDeepStrictEqual } from 'node:util';
import type { AdapterPayload } from 'oidc-provider';

import type { GrantId } from '../oauth/index.ts';

/** Members of a record that follow from what a grant holds. */
export type Said = Readonly<Record<string, unknown>>;

/**
 * What a grant says once, for itself and for all that is made from it: scopes and launch context lie in the grant's row, and
 * the rows of its tokens hold what is different. So narrowing a grant narrows its tokens.
 */
export interface GrantWords {
  /** What oidc-provider keeps of a grant beside what Gatehouse does. */
  readonly ofGrant: (grant: AdapterPayload) => Said;
  /** Of these scopes what the grant still gives: somebody may have taken some of it back. */
  readonly bound: (scope: string, grant: AdapterPayload) => string;
  /** What is left of a grant when no more than these scopes are. */
  readonly left: (chosen: string, grant: AdapterPayload) => Left;
  /** Of a code or token made from the grant. */
  readonly ofToken: (kind: string, grantId: GrantId, grant: AdapterPayload) => Said;
}

export interface Left {
  readonly scope: string;
  /** `false`: its refresh tokens end. */
  readonly refreshes: boolean;
  /** `false`: nothing that an app could read. */
  readonly gives: boolean;
}

/** A record as it lies in the store. */
export interface LeanRecord extends AdapterPayload {
  /** What is not here is as the grant says; `null` stands for what the grant has and this has not. */
  readonly asGranted?: true;
}

/** Leaves out what is said elsewhere. */
export function unsaid(record: AdapterPayload, said: Said): LeanRecord {
  const row: Record<string, unknown> = { asGranted: true };
  for (const [name, value] of Object.entries(record))
    if (!isDeepStrictEqual(value, said[name])) row[name] = value;
  for (const name of Object.keys(said)) if (record[name] === undefined) row[name] = null;
  return row;
}

/** The record again, to the member. Rows of before, which say everything themselves, stay as they are. */
export function withSaid<Record_ extends Pick<LeanRecord, 'asGranted'>>(
  { asGranted, ...row }: Record_,
  said: () => Said,
): Record_ {
  if (!asGranted) return row as Record_;
  const granted = said();
  const record: Record<string, unknown> = { ...granted, ...row };
  for (const name of Object.keys(granted)) if (record[name] === null) Reflect.deleteProperty(record, name);
  return record as Record_;
}

interface OfGrant {
  readonly kind: string;
  readonly grantId: GrantId;
  readonly grant: AdapterPayload;
}

/**
 * A token as it is good for now: what its row says, what it leaves to its grant, and of scopes of its own no more than the grant
 * still gives.
 */
export function tokenOfRow<
  Record_ extends Pick<LeanRecord, 'asGranted'> & { readonly scope?: string | undefined },
>(row: Record_, words: GrantWords, { kind, grantId, grant }: OfGrant): Record_ {
  const token = withSaid(row, () => words.ofToken(kind, grantId, grant));
  const { scope } = row;
  return typeof scope === 'string' ? { ...token, scope: words.bound(scope, grant) } : token;
}
