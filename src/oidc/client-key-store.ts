import { decodeProtectedHeader } from 'jose';
import { Provider, type Client } from 'oidc-provider';

import type { FoundKey, PublicKey } from '../clients/index.ts';
import { describeMissingKey, headerProblem } from './assertions.ts';
import type { ClientKeys, FetchedKey } from './client-keys.ts';
import type { ProviderParts } from './parts.ts';

const STORE = 'asymmetricKeyStore';
/** What oidc-provider's verification (helpers/jwt.js, `verify`) asks of a key store. */
const ASKED = ['selectForVerify', 'getKeyObject', 'fresh', 'refresh'] as const;

/**
 * Verifies assertions of clients that have a `jwks_uri` with keys from {@link ClientKeys}. The provider's own key store
 * of such a client is refreshed only when a signature does not fit, so that a key taken back stays valid (OP-03).
 *
 * The seam: a client found carries its key store as a property that may be redefined until it is first read, and
 * verification asks a store that is not `fresh` to `refresh`, then asks it again. Ours is made anew each time the property is
 * read, which is once for each authentication; it starts empty, and so every assertion passes through `refresh`, before
 * any signature is looked at. Registered keys (`jwks`) stay where they are. Should a part of this change, the server does
 * not start; and the provider could not fetch by itself, because its `fetch` refuses.
 */
export function useFetchedKeys(provider: Provider, { clientKeys }: Pick<ProviderParts, 'clientKeys'>): void {
  assertSeam(provider);
  const { Client: Clients } = provider;
  const find = Clients.find.bind(Clients);
  Object.defineProperty(Clients, 'find', {
    configurable: true,
    value: async (id: string): Promise<Client | undefined> => {
      const client = await find(id);
      if (client?.jwksUri === undefined) return client;
      const { jwksUri } = client;
      return Object.defineProperty(client, STORE, {
        configurable: true,
        get: () => new FetchedKeyStore((header) => findOrExplain(header, client, jwksUri, clientKeys)),
      });
    },
  });
}

type Header = Record<string, unknown>;

/** The key store of one authentication. */
class FetchedKeyStore {
  readonly #find: (header: Header) => Promise<PublicKey>;
  #key: PublicKey | undefined;
  constructor(find: (header: Header) => Promise<PublicKey>) {
    this.#find = find;
  }
  selectForVerify(): readonly PublicKey[] {
    return this.#key ? [this.#key] : [];
  }
  getKeyObject(key: PublicKey): PublicKey {
    return key;
  }
  fresh(): boolean {
    return this.#key !== undefined;
  }
  async refresh(): Promise<void> {
    const assertion = Provider.ctx?.oidc.params?.['client_assertion'];
    this.#key = await this.#find(typeof assertion === 'string' ? decodeProtectedHeader(assertion) : {});
  }
}

/** What is thrown becomes the detail of the provider's `invalid_client`. */
async function findOrExplain(
  header: Header,
  client: Client,
  url: string,
  clientKeys: ClientKeys,
): Promise<PublicKey> {
  const problem = headerProblem(header, client);
  if (problem !== undefined) throw new Error(problem);
  const found = await clientKeys.find(url, header);
  if (found.ok) return found.key;
  throw new Error(describe(found));
}

function describe({ problem }: Exclude<FetchedKey, Extract<FoundKey, { ok: true }>>): string {
  switch (problem) {
    case 'unavailable':
      return 'the client key set could not be fetched from the registered JWKS URL';
    case 'private-key':
      return 'the client key set shows a private key, and is not used';
    case 'unknown':
    case 'ambiguous':
      return describeMissingKey(problem);
  }
}

const PROBE = {
  client_id: 'seam',
  token_endpoint_auth_method: 'private_key_jwt',
  jwks_uri: 'https://seam.invalid/jwks',
  redirect_uris: [],
  response_types: [],
  grant_types: [],
};

/** @throws TypeError when oidc-provider no longer works as described above */
function assertSeam({ Client: Clients }: Provider): void {
  const probe = Reflect.construct(Clients, [PROBE]) as object;
  const redefinable = Object.getOwnPropertyDescriptor(probe, STORE)?.configurable === true;
  const store: unknown = Reflect.get(probe, STORE);
  const asked = ASKED.every(
    (name) => typeof store === 'object' && store !== null && typeof Reflect.get(store, name) === 'function',
  );
  if (redefinable && asked && typeof Clients.find === 'function' && 'ctx' in Provider) return;
  throw new TypeError(`oidc-provider no longer verifies with ${STORE} of a client; see its changelog`);
}
