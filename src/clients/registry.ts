import { createHash, timingSafeEqual } from 'node:crypto';

import type { ClientId } from '../oauth/index.ts';
import { isClientId, type ClientRegistration } from './registration.ts';

/** A client as the server knows it. Its secret is only there as a hash. */
export interface Client {
  readonly registration: ClientRegistration;
  /** `configured`: from the configuration file, read-only; `stored`: added by an operator. */
  readonly source: 'configured' | 'stored';
  readonly disabled: boolean;
}

/** What the store keeps about clients; `store/` implements it. */
export interface ClientStore {
  /** The registration and whether the client was disabled, in one round trip. */
  find(id: ClientId): Promise<{ registration: ClientRegistration | undefined; disabled: boolean }>;
  list(): Promise<readonly ClientId[]>;
  /** `false` when the id is taken. */
  add(registration: ClientRegistration): Promise<boolean>;
  remove(id: ClientId): Promise<void>;
  setDisabled(id: ClientId, disabled: boolean): Promise<void>;
}

export interface ClientRegistry {
  find(id: ClientId): Promise<Client | undefined>;
  list(): Promise<readonly Client[]>;
}

/** Configured and stored clients as one list; a configured one wins over a stored one of the same id. */
export function createClientRegistry(
  configured: readonly ClientRegistration[],
  store: Pick<ClientStore, 'find' | 'list'>,
): ClientRegistry {
  const fixed = new Map(configured.map((registration) => [registration.client_id, hashSecret(registration)]));
  const find = async (id: ClientId): Promise<Client | undefined> => {
    if (!isClientId(id)) return undefined;
    const stored = await store.find(id);
    const configuredOne = fixed.get(id);
    const registration = configuredOne ?? stored.registration;
    if (!registration) return undefined;
    return { registration, source: configuredOne ? 'configured' : 'stored', disabled: stored.disabled };
  };
  return {
    find,
    async list() {
      const ids = new Set([...fixed.keys(), ...(await store.list())]);
      const clients = await Promise.all([...ids].sort().map(find));
      return clients.filter((client) => client !== undefined);
    },
  };
}

const HASHED = /^sha256:([A-Za-z0-9_-]{43})$/;

/** The registration with its secret replaced by `sha256:…`; secrets are long and random, so one pass is enough. */
export function hashSecret(registration: ClientRegistration): ClientRegistration {
  const { client_secret: secret } = registration;
  if (secret === undefined || HASHED.test(secret)) return registration;
  return {
    ...registration,
    client_secret: `sha256:${createHash('sha256').update(secret).digest('base64url')}`,
  };
}

/** Compares in constant time what a client sent with the hash that is kept. */
export function secretMatches(kept: string, sent: string): boolean {
  const [, hash] = HASHED.exec(kept) ?? [];
  if (hash === undefined) return false;
  return timingSafeEqual(Buffer.from(hash, 'base64url'), createHash('sha256').update(sent).digest());
}
