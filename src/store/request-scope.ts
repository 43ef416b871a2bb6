import { AsyncLocalStorage } from 'node:async_hooks';

import type { GrantSummary } from '../consent/index.ts';
import type { GrantId } from '../oauth/index.ts';
import {
  StoreUnavailable,
  type Commit,
  type CommitOutcome,
  type Expectation,
  type Put,
  type StoreDriver,
} from './driver.ts';
import { ending } from './ending.ts';
import { telling } from './grant-list.ts';
import type { LeanRecord } from './grant-words.ts';
import { key } from './keys.ts';
import { familyPuts, isSameFamily, type RefreshFamily, type Rotation } from './refresh-family.ts';
import { giveAgain, secondsLeft } from './repeat.ts';
import { SETTLED_WITHIN_MS, commitAndSettle, type Undoing } from './unsettled.ts';
import type { Vault } from './vault.ts';

/** What one request has gathered for one grant and not yet written. */
interface Pending {
  readonly consume: Map<string, number>;
  readonly puts: Map<string, Put>;
  readonly removes: Set<string>;
  rotation?: Rotation;
  /** The grant as it was read: what is made from it must not say what somebody has taken back meanwhile. */
  grantRead?: Uint8Array;
  next?: { readonly text: string; readonly payload: LeanRecord; readonly ttlSeconds: number };
  revoked: boolean;
}

/** What became of a request. `again`: it repeats one that was answered, and this is what that was told. */
export interface ScopeOutcome {
  readonly outcome: Exclude<CommitOutcome, 'conflict'>;
  readonly again?: string;
}

/**
 * `token`: redeems tokens, and so may repeat an earlier request. `introspection`: only looks, and has a connection for that.
 */
export type RequestPurpose = 'token' | 'introspection' | 'revocation';

export interface RequestScopeOptions {
  /** How long a tombstone is kept. */
  readonly deadTtlSeconds: number;
  /** How long a refresh can be repeated with the same answer; 0: never. */
  readonly graceSeconds: number;
  readonly purpose: RequestPurpose;
  /** Milliseconds until the client is told that it took too long: no commit begins that may end after. Default: no end. */
  readonly msLeft?: () => number;
  /** Told of a grant that this request has ended. */
  readonly onEnded?: (grant: GrantSummary, by: RequestPurpose) => void;
}

/**
 * One request's unit of work (ARCHITECTURE §3.5): what it would write to grants is gathered here and written by one
 * commit per grant at the end. Also remembers grants read on the way, so that a request reads each once.
 */
export interface RequestScope {
  readonly purpose: RequestPurpose;
  readonly grants: Map<GrantId, unknown>;
  pending(grantId: GrantId): Pending;
  /**
   * Writes what was gathered. After a refused request only revocations are written: what it consumed or made never
   * happened, and its code stays good for another try (attack row A123).
   *
   * @param answer what the client will be told, kept for a while for whoever asks again
   * @param intent called once, before anything is made: when it rejects, nothing is
   * @returns the worst outcome of all grants; `committed` when there was nothing to write
   */
  commit(request: 'succeeded' | 'refused', answer?: string, intent?: Intent): Promise<ScopeOutcome>;
}

/** What must have happened before a grant is written to. */
export type Intent = () => Promise<void>;

/** How often a refresh is written anew because the record it was read from was marked meanwhile. */
const TRIES = 3;

const storage = new AsyncLocalStorage<RequestScope>();

/** Runs `work` with a unit of work of its own. */
export function runInRequestScope<Result>(
  vault: Vault,
  options: RequestScopeOptions,
  work: (scope: RequestScope) => Promise<Result>,
): Promise<Result> {
  const scope = createRequestScope(vault, options);
  return storage.run(scope, () => work(scope));
}

/** Reads what belongs to one grant, the way the running request reads. */
export function readOfGrant(
  driver: StoreDriver,
  keys: readonly string[],
): Promise<readonly (Uint8Array | undefined)[]> {
  return currentRequestScope()?.purpose === 'introspection' ? driver.lookUp(keys) : driver.getMany(keys);
}

/** The unit of work of the running request; `undefined` where writes go straight through. */
export function currentRequestScope(): RequestScope | undefined {
  return storage.getStore();
}

function createRequestScope(vault: Vault, options: RequestScopeOptions): RequestScope {
  const all = new Map<GrantId, Pending>();
  return {
    purpose: options.purpose,
    grants: new Map(),
    pending(grantId) {
      const known = all.get(grantId);
      if (known) return known;
      const fresh: Pending = { consume: new Map(), puts: new Map(), removes: new Set(), revoked: false };
      all.set(grantId, fresh);
      return fresh;
    },
    async commit(request, answer, intent) {
      if (request === 'succeeded') refuseLate(options);
      const intended = once(intent);
      const outcomes = await Promise.all(
        [...all].map(([grantId, pending]) =>
          commitOne(vault, options, grantId, pending, { request, answer, intended }),
        ),
      );
      all.clear();
      const worst = ['lost', 'revoked'].flatMap(
        (bad) => outcomes.find(({ outcome }) => outcome === bad) ?? [],
      );
      return worst[0] ?? outcomes.find(({ again }) => again !== undefined) ?? { outcome: 'committed' };
    },
  };
}

function refuseLate({ purpose, msLeft }: RequestScopeOptions): void {
  if (purpose === 'token' && (msLeft?.() ?? Infinity) < SETTLED_WITHIN_MS)
    throw new StoreUnavailable('the request took too long', { isSettled: true });
}

function once(intent: Intent | undefined): Intent {
  let begun: Promise<void> | undefined;
  return () => (begun ??= intent?.() ?? Promise.resolve());
}

interface Request {
  readonly request: 'succeeded' | 'refused';
  readonly answer: string | undefined;
  readonly intended: Intent;
}

async function commitOne(
  vault: Vault,
  options: RequestScopeOptions,
  grantId: GrantId,
  pending: Pending,
  { request, answer, intended }: Request,
): Promise<ScopeOutcome> {
  const { deadTtlSeconds, graceSeconds, purpose, onEnded } = options;
  const revoke = (): Commit => ending(grantId, deadTtlSeconds, pending.removes);
  const tell = onEnded && ((grant: GrantSummary): void => onEnded(grant, purpose));
  const end = (): Promise<void> => telling(vault, grantId, tell, () => vault.driver.commit(revoke()));
  if (pending.revoked) {
    await end();
    return { outcome: 'committed' };
  }
  if (request === 'refused' || isEmpty(pending)) return { outcome: 'committed' };
  const { rotation, next } = pending;
  if (rotation?.used && rotation.again !== undefined)
    return repeat(vault, grantId, rotation, deadTtlSeconds, end);
  const kept = answer === undefined ? undefined : { text: answer, ttlSeconds: graceSeconds };
  const commitOf = (read: Rotation | undefined): Commit => ({
    ...{ mode: 'issue', deadKey: key.dead(grantId), deadTtlSeconds },
    expect: expected(grantId, pending, read),
    kept: [key.grant(grantId)],
    consume: [...pending.consume].map(([name, ttlSeconds]) => ({ key: name, ttlSeconds })),
    puts: [...(next ? familyPuts(vault, grantId, next, read, kept) : []), ...pending.puts.values()],
    removes: [...pending.removes],
  });
  await intended();
  refuseLate(options);
  const outcome = await issue(vault, grantId, commitOf, pending);
  // Its tombstone ends it; nothing of it is kept for as long as it could have lived.
  if (outcome === 'lost') await end().catch(unlessBroken);
  if (outcome !== 'conflict') return { outcome };
  if (!rotation?.used) throw new StoreUnavailable('the grant was changed meanwhile', { isSettled: true });
  // Somebody was quicker with the same token: what were they told?
  return repeat(vault, grantId, rotation, deadTtlSeconds, end);
}

/** Commits, and once more where the family that was read has only been marked meanwhile. */
async function issue(
  vault: Vault,
  grantId: GrantId,
  commitOf: (read: Rotation | undefined) => Commit,
  { rotation, grantRead }: Pending,
): Promise<CommitOutcome> {
  let read = rotation;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const commit = commitOf(read);
    const outcome = await commitAndSettle(vault.driver, commit, undoingOf(vault, grantId, commit, read));
    read = read && outcome === 'conflict' ? await readAgain(vault, grantId, read, grantRead) : undefined;
    if (!read) return outcome;
  }
  throw new StoreUnavailable('too many change the same grant at once', { isSettled: true });
}

/** What is redeemed expects the grant as it was read, and a refresh its family too. */
function expected(
  grantId: GrantId,
  { consume, grantRead }: Pending,
  rotation: Rotation | undefined,
): Expectation[] {
  const redeems = rotation?.used === true || consume.size > 0;
  return [
    ...(rotation?.used ? [{ key: key.family(grantId), value: rotation.read }] : []),
    ...(redeems && grantRead ? [{ key: key.grant(grantId), value: grantRead }] : []),
  ];
}

function unlessBroken(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

/**
 * The family as it is now, when the token that was shown is still the good one: then only its marks have changed.
 *
 * @throws StoreUnavailable where the grant was changed: what was made from it says what is no longer granted, and nothing is
 * lost when the client tries again
 */
async function readAgain(
  vault: Vault,
  grantId: GrantId,
  rotation: Rotation,
  grantRead: Uint8Array | undefined,
): Promise<Rotation | undefined> {
  const name = key.family(grantId);
  const [stored, grant] = await vault.driver.getMany([name, key.grant(grantId)]);
  const family = stored && vault.open<RefreshFamily>(name, stored);
  const isGood = family?.current === vault.keys.keyedHash('token', rotation.text);
  if (!stored || !isGood) return undefined;
  if (grant && grantRead && Buffer.compare(grant, grantRead) !== 0)
    throw new StoreUnavailable('the grant was changed meanwhile', { isSettled: true });
  return { ...rotation, read: stored };
}

async function repeat(
  vault: Vault,
  grantId: GrantId,
  { text }: Rotation,
  deadTtlSeconds: number,
  end: () => Promise<void>,
): Promise<ScopeOutcome> {
  const given = await giveAgain({ vault, deadTtlSeconds }, grantId, text);
  if (given.kind === 'again') return { outcome: 'committed', again: given.answer };
  if (given.kind === 'revoked') return { outcome: 'revoked' };
  await end();
  return { outcome: 'lost' };
}

/**
 * How a redemption is taken back whose answer nobody got: what was redeemed is good again. A refresh leaves the grant with
 * the longer life it gave it; its family is put back as it was.
 */
function undoingOf(
  vault: Vault,
  grantId: GrantId,
  { consume, puts: [first] }: Commit,
  rotation: Rotation | undefined,
): Undoing | undefined {
  if (rotation?.used) {
    const name = key.family(grantId);
    const ttlSeconds = secondsLeft(vault.open<RefreshFamily>(name, rotation.read));
    return {
      before: [{ key: name, value: rotation.read, ttlSeconds }],
      kept: [key.grant(grantId)],
      isMarked: (found) => first?.key === name && isSameFamily(vault, name, found, first.value),
    };
  }
  return consume.length > 0 ? { before: [], kept: [] } : undefined;
}

function isEmpty({ consume, puts, removes, rotation, next }: Pending): boolean {
  return consume.size === 0 && puts.size === 0 && removes.size === 0 && !rotation?.used && !next;
}
