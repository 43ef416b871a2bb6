import { exportJWK, generateKeyPair, type JWK } from 'jose';

import type { Clock, EpochSeconds } from '../oauth/index.ts';

/**
 * A signing key and where it is in its life:
 *
 *     next ──rotate──▶ active ──rotate──▶ retired ──rotate, when old enough──▶ gone
 *
 * `next` is published before it signs, so that nobody meets an unknown `kid`; `retired` stays published while
 * anything it signed may still be checked.
 */
export interface SigningKey {
  readonly kid: string;
  readonly alg: 'RS256';
  readonly status: 'next' | 'active' | 'retired';
  readonly createdAt: EpochSeconds;
  readonly retiredAt?: EpochSeconds;
  /** Private; sealed in the store, never printed. */
  readonly jwk: JWK;
}

export interface SigningKeySet {
  /** Grows with each rotation; nodes compare it to learn of one. */
  readonly version: number;
  readonly keys: readonly SigningKey[];
}

/** Where the key set is kept; `store/` implements it. */
export interface SigningKeyStore {
  load(): Promise<SigningKeySet | undefined>;
  /** Writes the first key set; `false` when somebody else was first. */
  create(set: SigningKeySet): Promise<boolean>;
  save(set: SigningKeySet): Promise<void>;
}

/** How long a retired key is published: longer than any id token lives. */
const RETIRED_SECONDS = 24 * 3600;

/** The key set, made on first use. Of several nodes starting at once, all end up with the same one. */
export async function loadOrCreateKeys(store: SigningKeyStore, now: Clock): Promise<SigningKeySet> {
  const existing = await store.load();
  if (existing) return existing;
  const fresh = { version: 1, keys: [await newKey('active', now), await newKey('next', now)] };
  if (await store.create(fresh)) return fresh;
  const winner = await store.load();
  if (!winner) throw new TypeError('the signing keys vanished while they were being made');
  return winner;
}

/** Moves every key one step on and adds a new `next`. */
export async function rotateKeys(set: SigningKeySet, now: Clock): Promise<SigningKeySet> {
  const moved = set.keys.flatMap((key): SigningKey[] => {
    if (key.status === 'next') return [{ ...key, status: 'active' }];
    if (key.status === 'active') return [{ ...key, status: 'retired', retiredAt: now() }];
    return (key.retiredAt ?? 0) + RETIRED_SECONDS > now() ? [key] : [];
  });
  return { version: set.version + 1, keys: [...moved, await newKey('next', now)] };
}

async function newKey(status: 'active' | 'next', now: Clock): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const createdAt = now();
  const kid = `sig-${new Date(createdAt * 1000).toISOString().slice(0, 10)}-${crypto.randomUUID().slice(0, 8)}`;
  return {
    kid,
    alg: 'RS256',
    status,
    createdAt,
    jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' },
  };
}

/** Ready means that the signing keys are there and open under our secret. */
export async function checkKeys(store: Pick<SigningKeyStore, 'load'>): Promise<void> {
  const set = await store.load();
  if (!set?.keys.some(({ status }) => status === 'active')) throw new Error('there is no active signing key');
}

/** The keys in the order a signer should try them: active first. */
export function inSigningOrder(set: SigningKeySet): SigningKey[] {
  const rank = { active: 0, next: 1, retired: 2 } as const;
  return [...set.keys].sort((a, b) => rank[a.status] - rank[b.status]);
}
