import { AsyncLocalStorage } from 'node:async_hooks';
import type { AdapterPayload } from 'oidc-provider';

import type { GrantId } from '../oauth/index.ts';

/** What one request of the screens has read, and what it has yet to write. */
interface PageRequest {
  readonly reads: Map<string, Uint8Array | undefined>;
  /** Not begun yet: they go out with the next write, or in the end. */
  readonly waiting: (() => Promise<void>)[];
  /** Under way; the request ends when they have. */
  readonly underway: Promise<void>[];
  /** Allowed by a person, and not written yet: a grant is written with its code. */
  readonly grants: Map<GrantId, AdapterPayload>;
}

const storage = new AsyncLocalStorage<PageRequest>();

/**
 * Runs a request of the screens so that it reads each key once, and goes to the store as seldom as can be. What is decided
 * on such a read is decided again by the commit, in the store itself; tokens are looked up outside of this.
 */
export function withPageRequest<Result>(work: () => Promise<Result>): Promise<Result> {
  const request: PageRequest = { reads: new Map(), waiting: [], underway: [], grants: new Map() };
  return storage.run(request, async () => {
    try {
      return await work();
    } finally {
      beginWaiting();
      await Promise.all(request.underway);
    }
  });
}

export function currentPageRequest(): Pick<PageRequest, 'reads' | 'grants'> | undefined {
  return storage.getStore();
}

/** For a write that nothing in the running request depends on: the request goes on, and fails in the end when it does. */
export async function beforeTheAnswer(write: () => Promise<void>): Promise<void> {
  const request = storage.getStore();
  if (request) request.waiting.push(write);
  else await write();
}

/** Begins what waits: another write is on its way, and they go together. */
export function beginWaiting(): void {
  const request = storage.getStore();
  for (const write of request?.waiting.splice(0) ?? []) {
    const begun = write();
    request?.underway.push(begun);
    // Looked at in the end; until then its failure is nobody's.
    begun.catch(() => undefined);
  }
}
