import { exportJWK, generateKeyPair, type JWK } from 'jose';

import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../algorithms/index.ts';
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
  readonly alg: SigningAlgorithm;
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
  /** Puts the key set in the place of the version before it; `false` when another one is there by now. */
  save(set: SigningKeySet): Promise<boolean>;
}

/** How long a retired key is published: longer than any id token lives. */
const RETIRED_SECONDS = 24 * 3600;

/** So long those who verify may keep the keys they once read. */
const KEPT_SECONDS = 300;

/** Seconds until everybody who verifies has had the time to read of the next keys (F35); 0: they have. */
export function secondsUntilKnown({ keys }: SigningKeySet, now: EpochSeconds): number {
  const made = keys.filter(({ status }) => status === 'next').map(({ createdAt }) => createdAt);
  return Math.max(0, ...made.map((at) => at + KEPT_SECONDS - now));
}

/**
 * The key set, made on first use, and completed where it is of a time that knew fewer algorithms. Of several nodes
 * starting at once, all end up with the same one.
 */
export async function loadOrCreateKeys(
  store: SigningKeyStore,
  now: Clock,
  algorithms: readonly SigningAlgorithm[] = SIGNING_ALGORITHMS,
): Promise<SigningKeySet> {
  const existing = await store.load();
  if (!existing) return createKeys(store, now, algorithms);
  const missing = algorithms.filter(
    (alg) => !existing.keys.some((key) => key.alg === alg && key.status === 'active'),
  );
  if (missing.length === 0) return existing;
  const added = await Promise.all(missing.map((alg) => newPair(alg, now)));
  const complete = { version: existing.version + 1, keys: [...existing.keys, ...added.flat()] };
  return (await store.save(complete)) ? complete : loadOrCreateKeys(store, now, algorithms);
}

async function createKeys(
  store: SigningKeyStore,
  now: Clock,
  algorithms: readonly SigningAlgorithm[],
): Promise<SigningKeySet> {
  const pairs = await Promise.all(algorithms.map((alg) => newPair(alg, now)));
  const fresh = { version: 1, keys: pairs.flat() };
  if (await store.create(fresh)) return fresh;
  const winner = await store.load();
  if (!winner) throw new TypeError('the signing keys vanished while they were being made');
  return winner;
}

/** Moves every key one step on and adds a new `next` for each algorithm. */
export async function rotateKeys(
  set: SigningKeySet,
  now: Clock,
  algorithms: readonly SigningAlgorithm[] = SIGNING_ALGORITHMS,
): Promise<SigningKeySet> {
  const moved = set.keys.flatMap((key): SigningKey[] => {
    if (key.status === 'next') return [{ ...key, status: 'active' }];
    if (key.status === 'active') return [{ ...key, status: 'retired', retiredAt: now() }];
    return (key.retiredAt ?? 0) + RETIRED_SECONDS > now() ? [key] : [];
  });
  const next = await Promise.all(algorithms.map((alg) => newKey(alg, 'next', now)));
  return { version: set.version + 1, keys: [...moved, ...next] };
}

async function newPair(alg: SigningAlgorithm, now: Clock): Promise<SigningKey[]> {
  return [await newKey(alg, 'active', now), await newKey(alg, 'next', now)];
}

async function newKey(alg: SigningAlgorithm, status: 'active' | 'next', now: Clock): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { modulusLength: 2048, extractable: true });
  const createdAt = now();
  const kid = `sig-${new Date(createdAt * 1000).toISOString().slice(0, 10)}-${crypto.randomUUID().slice(0, 8)}`;
  return { kid, alg, status, createdAt, jwk: { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' } };
}

/** Ready means that the signing keys are there and open under our secret. */
export async function checkKeys(store: Pick<SigningKeyStore, 'load'>): Promise<void> {
  const set = await store.load();
  const isThere = (alg: SigningAlgorithm): boolean =>
    set?.keys.some((key) => key.alg === alg && key.status === 'active') ?? false;
  const missing = SIGNING_ALGORITHMS.filter((alg) => !isThere(alg));
  if (missing.length > 0) throw new Error(`there is no active signing key for ${missing.join(' and ')}`);
}

/** The keys in the order a signer should try them: active first. */
export function inSigningOrder(set: SigningKeySet): SigningKey[] {
  const rank = { active: 0, next: 1, retired: 2 } as const;
  return [...set.keys].sort((a, b) => rank[a.status] - rank[b.status]);
}
