import type { ClientId } from '../oauth/index.ts';
import type { Client, ClientRegistry } from './registry.ts';

/** So many are kept; with more, all are read anew. */
const MOST = 10_000;

/** Clients as this process remembers them, at most a second late. */
export interface ClientMemory extends Pick<ClientRegistry, 'find'> {
  /** What is remembered, without asking anybody; `undefined`: nothing is, use `find`. */
  peek(id: ClientId): { readonly client: Client | undefined } | undefined;
}

/**
 * Remembers what the registry said, as long as no client has changed.
 *
 * @param revision changes with every change of a client; `undefined` while it cannot be told, and then nothing that is
 * remembered counts
 */
export function rememberClients(
  registry: Pick<ClientRegistry, 'find'>,
  revision: () => string | undefined,
): ClientMemory {
  const known = new Map<ClientId, { readonly client: Client | undefined }>();
  let seen: string | undefined;
  const isCurrent = (): boolean => {
    const now = revision();
    if (now === undefined) return false;
    if (now !== seen) known.clear();
    seen = now;
    return true;
  };
  const peek: ClientMemory['peek'] = (id) => (isCurrent() ? known.get(id) : undefined);
  return {
    peek,
    async find(id) {
      const remembered = peek(id);
      if (remembered) return remembered.client;
      // What is read now may be older than a change that is seen meanwhile.
      const before = revision();
      const client = await registry.find(id);
      if (before !== undefined && before === revision() && isCurrent()) {
        if (known.size >= MOST) known.clear();
        known.set(id, { client });
      }
      return client;
    },
  };
}
