import type { z } from 'zod';

import { PRIVATE_MEMBERS, jwk } from './registration.ts';

export type PublicKey = z.output<typeof jwk>;

const MAX_KEYS = 50;
/** A symmetric key (RFC 7518 §6.4) and a post-quantum one have secret members of their own. */
const SECRET_MEMBERS = [...PRIVATE_MEMBERS, 'k', 'priv'];

export type KeySetRead =
  | { readonly ok: true; readonly keys: readonly PublicKey[] }
  | {
      readonly ok: false;
      readonly problem: 'not-json' | 'not-a-key-set' | 'too-many-keys' | 'private-key';
    };

/**
 * Reads what a client's JWKS URL answered. A set that shows a private key is refused as a whole: whoever reads it can
 * sign for the client (attack row A152). Keys for other purposes than ours are passed over (RFC 7517 §5).
 */
export function readKeySet(text: string): KeySetRead {
  const document = parseJson(text);
  if (document === undefined) return { ok: false, problem: 'not-json' };
  const keys: unknown = isRecord(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || !keys.every(isRecord)) return { ok: false, problem: 'not-a-key-set' };
  if (keys.length > MAX_KEYS) return { ok: false, problem: 'too-many-keys' };
  if (keys.some((key) => SECRET_MEMBERS.some((member) => Object.hasOwn(key, member)))) {
    return { ok: false, problem: 'private-key' };
  }
  return { ok: true, keys: keys.flatMap((key) => jwk.safeParse(key).data ?? []) };
}

/** `undefined` is no JSON value. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const KEY_TYPES: ReadonlyMap<string, string> = new Map([
  ['RS', 'RSA'],
  ['ES', 'EC'],
]);

export type FoundKey<Key = PublicKey> =
  | { readonly ok: true; readonly key: Key }
  | { readonly ok: false; readonly problem: 'unknown' | 'ambiguous' };

/** The one key an assertion names by `kid`, of the type its `alg` needs; none and several are both refused (CLI-15). */
export function findKey<Key extends { readonly kid?: unknown; readonly kty?: unknown }>(
  keys: readonly Key[],
  { kid, alg }: { readonly kid?: unknown; readonly alg?: unknown },
): FoundKey<Key> {
  const keyType = typeof alg === 'string' ? KEY_TYPES.get(alg.slice(0, 2)) : undefined;
  const [key, ...others] = keys.filter(
    (one) => typeof kid === 'string' && one.kid === kid && keyType !== undefined && one.kty === keyType,
  );
  if (key === undefined) return { ok: false, problem: 'unknown' };
  return others.length > 0 ? { ok: false, problem: 'ambiguous' } : { ok: true, key };
}

const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 24 * 3600;

/**
 * For how many seconds a key set may be kept, from the headers it came with: never longer than they allow (CLI-17), and
 * never longer than a day. What cannot be understood allows nothing.
 *
 * @param age how long it lay in a cache on the way (RFC 9111 §5.1)
 */
export function keepSeconds(cacheControl = '', age = ''): number {
  const directives = cacheControl
    .toLowerCase()
    .split(',')
    .map((text) => /^\s*([a-z-]+)\s*(?:=\s*"?([^"]*?)"?\s*)?$/.exec(text) ?? []);
  if (directives.some(([, name]) => name === 'no-store' || name === 'no-cache')) return 0;
  const limits = directives
    .filter(([, name]) => name === 'max-age' || name === 's-maxage')
    .map(([, , value]) => wholeNumber(value) ?? 0);
  if (limits.length === 0) return DEFAULT_SECONDS;
  const allowed = Math.min(...limits) - (wholeNumber(age.trim()) ?? 0);
  return Math.min(MAX_SECONDS, Math.max(0, allowed));
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
