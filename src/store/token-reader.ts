import { LRUCache } from 'lru-cache';

import type { LivingToken, TokenReader } from '../introspection/index.ts';
import { hasEnded, type Trust } from './guard.ts';
import { key, type KeyedTokenKind } from './keys.ts';
import { grantIdOf, type TokenKind } from './token-text.ts';
import type { Vault } from './vault.ts';

type Names = readonly [token: string, grant: string, dead: string];

/** What is known of one text: where its token lies, and what was last read there. */
interface Known {
  readonly kind: LivingToken['kind'];
  readonly names: Names;
  readonly sealed?: Uint8Array;
  readonly token?: LivingToken;
}

/** Beside what is measured: objects, and the strings in them. */
const OBJECTS_BYTES = 1500;
/** Of so many texts it is kept where their tokens lie, whether or not values are kept; some hundred bytes each. */
const MOST_PLACES = 10_000;

export interface TokenReaderParts {
  readonly vault: Vault;
  readonly trust: Trust;
  /** How much memory what was opened may take, in bytes; 0: every value is opened each time it is read. */
  readonly cacheBytes: number;
}

/**
 * Looks tokens up for introspection: token, grant and tombstone in one round trip, over the connection that is kept for it.
 * The store is asked each time, so that a revocation is seen at once; only a value that is the same to the byte is not
 * opened again.
 */
export function createTokenReader({ vault, trust, cacheBytes }: TokenReaderParts): TokenReader {
  const cache =
    cacheBytes > 0 ? new LRUCache<string, Known>({ maxSize: cacheBytes, sizeCalculation }) : undefined;
  const places = new LRUCache<string, Known>({ max: MOST_PLACES });
  return {
    async read(text) {
      const known = cache?.get(text) ?? places.get(text) ?? placeOf(vault, text);
      if (!known) return undefined;
      const [sealed, grant, dead] = await vault.driver.lookUp(known.names);
      if (sealed === undefined || dead !== undefined) return undefined;
      if (known.kind === 'AccessToken' && grant === undefined) return undefined;
      const isSame = known.sealed !== undefined && Buffer.compare(known.sealed, sealed) === 0;
      const token = isSame && known.token ? known.token : opened(vault, known, sealed);
      if (!isSame) cache?.set(text, { ...known, sealed: Uint8Array.from(sealed), token });
      // Only where something was found: another store may be adopted, in which the same text lies elsewhere.
      if (!cache) places.set(text, { kind: known.kind, names: known.names });
      return token.exp > Date.now() / 1000 && !isBarred(vault, known, token, grant, trust)
        ? token
        : undefined;
    },
  };
}

function sizeCalculation({ names, sealed }: Known, text: string): number {
  return OBJECTS_BYTES + text.length + names.join().length + 4 * (sealed?.byteLength ?? 0);
}

const KINDS = ['AccessToken', 'ClientCredentials'] as const satisfies readonly TokenKind[];

function placeOf({ keys }: Vault, text: string): Known | undefined {
  for (const kind of KINDS) {
    const grantId = grantIdOf(keys, kind, text);
    if (grantId === undefined) continue;
    const token = key.token(grantId, kind satisfies KeyedTokenKind, keys.keyedHash('token', text));
    return { kind, names: [token, key.grant(grantId), key.dead(grantId)] };
  }
  return undefined;
}

type Record_ = Omit<LivingToken, 'kind'>;

function opened(vault: Vault, { kind, names }: Known, sealed: Uint8Array): LivingToken {
  const { clientId, accountId, aud, scope, iat, exp, extra, madeAt } = vault.open<Record_>(names[0], sealed);
  return {
    ...{ kind, clientId, iat, exp },
    ...(accountId === undefined ? {} : { accountId }),
    ...(aud === undefined ? {} : { aud }),
    ...(scope === undefined ? {} : { scope }),
    ...(extra === undefined ? {} : { extra }),
    ...(madeAt === undefined ? {} : { madeAt }),
  };
}

/** Of most tokens the owner has no moment at which everything ended; only then the grant says when it was made. */
function isBarred(
  vault: Vault,
  { names }: Known,
  { clientId, accountId, iat, madeAt }: LivingToken,
  grant: Uint8Array | undefined,
  trust: Trust,
): boolean {
  if (trust.endedAt({ clientId, accountId }) === 0) return false;
  return hasEnded(grant ? vault.open(names[1], grant) : { clientId, accountId, iat, madeAt }, trust);
}
