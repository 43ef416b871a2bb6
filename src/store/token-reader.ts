import { LRUCache } from 'lru-cache';

import type { LivingToken, TokenReader } from '../introspection/index.ts';
import type { GrantId } from '../oauth/index.ts';
import { tokenOfRow, type GrantWords, type LeanRecord } from './grant-words.ts';
import { hasEnded, type Trust } from './guard.ts';
import { key, type KeyedTokenKind } from './keys.ts';
import { grantIdOf, type TokenKind } from './token-text.ts';
import type { Vault } from './vault.ts';

type Names = readonly [token: string, grant: string, dead: string];

/** What is known of one text: where its token lies, and what was last read there. */
interface Known {
  readonly kind: LivingToken['kind'];
  readonly grantId: GrantId;
  readonly names: Names;
  readonly sealed?: Uint8Array;
  readonly sealedGrant?: Uint8Array;
  readonly token?: LivingToken;
}

/** Beside what is measured: objects, and the strings in them. */
const OBJECTS_BYTES = 1500;
/** Of so many texts it is kept where their tokens lie, whether or not values are kept; some hundred bytes each. */
const MOST_PLACES = 10_000;

export interface TokenReaderParts {
  readonly vault: Vault;
  readonly trust: Trust;
  readonly words: GrantWords;
  /** How much memory what was opened may take, in bytes; 0: every value is opened each time it is read. */
  readonly cacheBytes: number;
}

/**
 * Looks tokens up for introspection: token, grant and tombstone in one round trip, over the connection that is kept for it.
 * The store is asked each time, so that a revocation is seen at once; only a value that is the same to the byte is not
 * opened again.
 */
export function createTokenReader(parts: TokenReaderParts): TokenReader {
  const { vault, trust, cacheBytes } = parts;
  const cache =
    cacheBytes > 0 ? new LRUCache<string, Known>({ maxSize: cacheBytes, sizeCalculation }) : undefined;
  const places = new LRUCache<string, Known>({ max: MOST_PLACES });
  return {
    async read(text) {
      const before = cache?.get(text) ?? places.get(text);
      const known = before ?? placeOf(vault, text);
      if (!known) return undefined;
      const [sealed, grant, dead] = await vault.driver.lookUp(known.names);
      if (sealed === undefined || dead !== undefined) return undefined;
      if (known.kind === 'AccessToken' && grant === undefined) return undefined;
      const isSame = isSameValue(known.sealed, sealed) && isSameValue(known.sealedGrant, grant);
      const token = isSame && known.token ? known.token : opened(parts, known, sealed, grant);
      if (!isSame) cache?.set(text, { ...known, ...copies(sealed, grant), token });
      // Only where something was found: another store may be adopted, in which the same text lies elsewhere.
      if (!cache && !before) places.set(text, known);
      return token.exp > Date.now() / 1000 && !isBarred(vault, known, token, grant, trust)
        ? token
        : undefined;
    },
  };
}

function sizeCalculation({ names, sealed, sealedGrant }: Known, text: string): number {
  const values = (sealed?.byteLength ?? 0) + (sealedGrant?.byteLength ?? 0);
  return OBJECTS_BYTES + text.length + names.join().length + 4 * values;
}

function isSameValue(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one && other ? Buffer.compare(one, other) === 0 : one === other;
}

/** What comes from the store may lie in a larger buffer. */
function copies(sealed: Uint8Array, grant: Uint8Array | undefined): Pick<Known, 'sealed' | 'sealedGrant'> {
  return { sealed: Uint8Array.from(sealed), ...(grant ? { sealedGrant: Uint8Array.from(grant) } : {}) };
}

const KINDS = ['AccessToken', 'ClientCredentials'] as const satisfies readonly TokenKind[];

function placeOf({ keys }: Vault, text: string): Known | undefined {
  for (const kind of KINDS) {
    const grantId = grantIdOf(keys, kind, text);
    if (grantId === undefined) continue;
    const token = key.token(grantId, kind satisfies KeyedTokenKind, keys.keyedHash('token', text));
    return { kind, grantId, names: [token, key.grant(grantId), key.dead(grantId)] };
  }
  return undefined;
}

type Record_ = Omit<LivingToken, 'kind'> & Pick<LeanRecord, 'asGranted'>;

function opened(
  { vault, words }: TokenReaderParts,
  { kind, grantId, names }: Known,
  sealed: Uint8Array,
  grant: Uint8Array | undefined,
): LivingToken {
  const row = vault.open<Record_>(names[0], sealed);
  const record = grant
    ? tokenOfRow(row, words, { kind, grantId, grant: vault.open<LeanRecord>(names[1], grant) })
    : row;
  const { clientId, accountId, aud, scope, iat, exp, extra, madeAt } = record;
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
