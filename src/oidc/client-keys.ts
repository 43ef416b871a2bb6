import type { Logger } from 'pino';

import { createClientHosts, findKey, type FoundKey, type Lookup, type PublicKey } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { Clock, EpochSeconds } from '../oauth/index.ts';
import { fetchKeySet, type FetchedKeySet } from './client-keys-fetch.ts';

const MAX_URLS = 500;
/** How long a failure is taken for granted, whatever its headers say (attack row A157). */
const FAILURE_SECONDS = 30;
/** How often an unknown `kid` may make us fetch a set that is still fresh (CLI-21, attack row A135). */
const COOLDOWN_SECONDS = 30;

export interface ClientKeysParts {
  readonly config: Pick<Config, 'issuer' | 'clientKeys'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly clock: Clock;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
}

export type FetchedKey = FoundKey | Extract<FetchedKeySet, { ok: false }>;

/** The keys clients keep at a URL of theirs. */
export interface ClientKeys {
  find(url: string, wanted: { readonly kid?: unknown; readonly alg?: unknown }): Promise<FetchedKey>;
}

/**
 * What is known of one URL. A set is used while its headers allow; then it is fetched before anything is verified with
 * it, so that a key the client took back ends there and then (CLI-17, attack row A153).
 *
 *     fresh ── time passes ──► stale ── fetched ──► fresh
 *       │                        └── failed ──► refused for 30 s ──► stale
 *       └── unknown kid, once in 30 s: fetched; a failure changes nothing
 */
interface Entry {
  keys: readonly PublicKey[];
  freshUntil: EpochSeconds;
  failure: Extract<FetchedKeySet, { ok: false }> | undefined;
  failedUntil: EpochSeconds;
  cooldownUntil: EpochSeconds;
  /** All who need the set while it is under way wait for the same fetch. */
  pending: Promise<FetchedKeySet> | undefined;
}

/** Fetches and keeps clients' key sets: one for the whole server, of every provider it builds. */
export function createClientKeys({ config, log, clock, lookup }: ClientKeysParts): ClientKeys {
  const hosts = createClientHosts(config.issuer, config.clientKeys.allowPrivate);
  const entries = new Map<string, Entry>();

  const update = async (url: string, entry: Entry): Promise<FetchedKeySet> => {
    const startedAt = clock();
    const fetched = await fetchKeySet(url, { hosts, ...(lookup ? { lookup } : {}) });
    if (fetched.ok) {
      Object.assign(entry, { keys: fetched.keys, freshUntil: startedAt + fetched.keepSeconds });
      entry.failure = undefined;
      return fetched;
    }
    log.warn({ url, reason: fetched.reason }, 'the key set of a client could not be used');
    entry.failure = fetched;
    entry.failedUntil = clock() + FAILURE_SECONDS;
    // The keys of before may well be the ones that are now in the open.
    if (fetched.problem === 'private-key') entry.freshUntil = 0;
    return fetched;
  };
  const refresh = (url: string, entry: Entry): Promise<FetchedKeySet> => {
    entry.pending ??= update(url, entry).finally(() => {
      entry.pending = undefined;
    });
    return entry.pending;
  };

  return {
    async find(url, wanted) {
      const entry = open(entries, url);
      const now = clock();
      if (now >= entry.freshUntil) {
        const known = now < entry.failedUntil ? entry.failure : undefined;
        const fetched = known ?? (await refresh(url, entry));
        return fetched.ok ? findKey(fetched.keys, wanted) : fetched;
      }
      const found = findKey(entry.keys, wanted);
      if (found.ok || found.problem !== 'unknown') return found;
      if (now < entry.cooldownUntil && !entry.pending) return found;
      entry.cooldownUntil = now + COOLDOWN_SECONDS;
      const fetched = await refresh(url, entry);
      return fetched.ok ? findKey(fetched.keys, wanted) : found;
    },
  };
}

function open(entries: Map<string, Entry>, url: string): Entry {
  const known = entries.get(url);
  if (known) return known;
  const entry: Entry = {
    keys: [],
    freshUntil: 0,
    failure: undefined,
    failedUntil: 0,
    cooldownUntil: 0,
    pending: undefined,
  };
  entries.set(url, entry);
  const [oldest] = entries.keys();
  if (entries.size > MAX_URLS && oldest !== undefined) entries.delete(oldest);
  return entry;
}
