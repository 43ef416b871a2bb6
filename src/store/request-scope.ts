import { AsyncLocalStorage } from 'node:async_hooks';

import type { GrantId } from '../oauth/index.ts';
import type { CommitOutcome, Put, StoreDriver } from './driver.ts';
import { key } from './keys.ts';

/** What one request has gathered for one grant and not yet written. */
interface Pending {
  readonly consume: Map<string, number>;
  readonly puts: Map<string, Put>;
  readonly removes: Set<string>;
  revoked: boolean;
}

/**
 * One request's unit of work (ARCHITECTURE §3.5): what it would write to grants is gathered here and written by one
 * commit per grant at the end. Also remembers grants read on the way, so that a request reads each once.
 */
export interface RequestScope {
  readonly grants: Map<GrantId, unknown>;
  pending(grantId: GrantId): Pending;
  /**
   * Writes what was gathered. After a refused request only revocations are written: what it consumed or made never
   * happened, and its code stays good for another try (attack row A123).
   *
   * @returns the worst outcome of all grants; `committed` when there was nothing to write
   */
  commit(request: 'succeeded' | 'refused'): Promise<CommitOutcome>;
}

const storage = new AsyncLocalStorage<RequestScope>();

/** Runs `work` with a unit of work of its own. */
export function runInRequestScope<Result>(
  driver: StoreDriver,
  deadTtlSeconds: number,
  work: (scope: RequestScope) => Promise<Result>,
): Promise<Result> {
  const scope = createRequestScope(driver, deadTtlSeconds);
  return storage.run(scope, () => work(scope));
}

/** The unit of work of the running request; `undefined` where writes go straight through. */
export function currentRequestScope(): RequestScope | undefined {
  return storage.getStore();
}

function createRequestScope(driver: StoreDriver, deadTtlSeconds: number): RequestScope {
  const all = new Map<GrantId, Pending>();
  const commitOne = (
    grantId: GrantId,
    pending: Pending,
    request: 'succeeded' | 'refused',
  ): Promise<CommitOutcome> => {
    const deadKey = key.dead(grantId);
    if (pending.revoked) {
      const removes = [...pending.removes, key.grant(grantId)];
      return driver.commit({ mode: 'revoke', deadKey, deadTtlSeconds, consume: [], puts: [], removes });
    }
    if (request === 'refused') return Promise.resolve('committed');
    const consume = [...pending.consume].map(([name, ttlSeconds]) => ({ key: name, ttlSeconds }));
    const work = { consume, puts: [...pending.puts.values()], removes: [...pending.removes] };
    return driver.commit({ mode: 'issue', deadKey, deadTtlSeconds, ...work });
  };
  return {
    grants: new Map(),
    pending(grantId) {
      const known = all.get(grantId);
      if (known) return known;
      const fresh: Pending = { consume: new Map(), puts: new Map(), removes: new Set(), revoked: false };
      all.set(grantId, fresh);
      return fresh;
    },
    async commit(request) {
      const outcomes = await Promise.all(
        [...all].map(([grantId, pending]) => commitOne(grantId, pending, request)),
      );
      all.clear();
      return (
        outcomes.find((outcome) => outcome === 'lost') ??
        outcomes.find((one) => one === 'revoked') ??
        'committed'
      );
    },
  };
}
