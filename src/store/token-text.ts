import { randomBytes } from 'node:crypto';

import type { GrantId } from '../oauth/index.ts';
import type { StoreKeys } from './sealing.ts';

const RANDOM_BYTES_OF_DISGUISE = 24;

/** Prefixes tell the kind without asking the store, and let secret scanners find a leaked token. */
const PREFIXES = {
  AccessToken: 'gat_',
  RefreshToken: 'grt_',
  AuthorizationCode: 'gac_',
  ClientCredentials: 'gbt_',
} as const;
/** Stands before a JWT whose dots were replaced; made anew by each process, so that nobody outside can write it. */
const DISGUISE = `${randomBytes(RANDOM_BYTES_OF_DISGUISE).toString('base64url')}~`;

/** A JWT in a spelling that is not recognised as one, for software that turns JWTs away; {@link undisguised} undoes it. */
export function disguiseJwt(text: string): string {
  return DISGUISE + text.replaceAll('.', '~');
}

export function undisguised(text: string): string {
  return text.startsWith(DISGUISE) ? text.slice(DISGUISE.length).replaceAll('~', '.') : text;
}

export type TokenKind = keyof typeof PREFIXES;

/** The `jti` of an access token that is a JWT: a reference to its grant, and by itself no token. */
const JWT_ID_PREFIXES: Partial<Record<TokenKind, string>> = {
  AccessToken: 'gja_',
  ClientCredentials: 'gjb_',
};

const GRANT_ID_BYTES = 16;
const RANDOM_BYTES = 24;
const TEXT = /^(g[a-z]{2}_)([A-Za-z0-9_-]{54})$/;
const JWT = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/** 128 random bits, written as 22 base64url characters. */
export function newGrantId(): GrantId {
  return randomBytes(GRANT_ID_BYTES).toString('base64url');
}

/**
 * A token's text: a prefix, its grant id hidden under a mask made from the random part, and the random part (192
 * bits). Every key of a grant can be found from any of its tokens, and two tokens of one grant have nothing in common
 * to look at but the prefix (ARCHITECTURE §3.4).
 */
export function newTokenText(keys: StoreKeys, kind: TokenKind, grantId: GrantId): string {
  return write(keys, PREFIXES[kind], grantId);
}

/** What a JWT carries as `jti`: made like a token's text, but good for nothing without the JWT around it. */
export function newJwtId(keys: StoreKeys, kind: TokenKind, grantId: GrantId): string {
  const prefix = JWT_ID_PREFIXES[kind];
  if (prefix === undefined) throw new TypeError(`a ${kind} is never a JWT`);
  return write(keys, prefix, grantId);
}

function write(keys: StoreKeys, prefix: string, grantId: GrantId): string {
  const random = randomBytes(RANDOM_BYTES);
  const hidden = xor(Buffer.from(grantId, 'base64url'), keys.mask(random));
  return prefix + Buffer.concat([hidden, random]).toString('base64url');
}

/**
 * The grant id a token of this kind points to; `undefined` when the text is not a token of this kind. Of a JWT only the
 * `jti` is looked at here: whether it is one of ours shows when its whole text is found, or not.
 */
export function grantIdOf(keys: StoreKeys, kind: TokenKind, text: string): GrantId | undefined {
  const payload = JWT.exec(text)?.[1];
  return payload === undefined
    ? read(keys, PREFIXES[kind], text)
    : read(keys, JWT_ID_PREFIXES[kind], jwtIdIn(payload));
}

function jwtIdIn(payload: string): string {
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      readonly jti?: unknown;
    } | null;
    return typeof claims?.jti === 'string' ? claims.jti : '';
  } catch {
    return '';
  }
}

function read(keys: StoreKeys, expected: string | undefined, text: string): GrantId | undefined {
  const [, prefix, body] = TEXT.exec(text) ?? [];
  if (prefix !== expected || body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64url');
  // The last character of the text carries unused bits; only the one spelling we write is ours.
  if (bytes.toString('base64url') !== body) return undefined;
  const random = bytes.subarray(GRANT_ID_BYTES);
  return xor(bytes.subarray(0, GRANT_ID_BYTES), keys.mask(random)).toString('base64url');
}

function xor(bytes: Uint8Array, mask: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ (mask[at] ?? 0)));
}
