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
const GENERATION_BYTES = 4;
const MAC_BYTES = 12;
const TEXT = /^(g[a-z]{2}_)([A-Za-z0-9_-]{54})$/;
const REFRESH_TEXT = /^grt_([A-Za-z0-9_-]{75})$/;
const JWT = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/** 128 random bits, written as 22 base64url characters. */
export function newGrantId(): GrantId {
  return randomBytes(GRANT_ID_BYTES).toString('base64url');
}

/**
 * A token's text: a prefix, its grant id hidden under a mask made from the random part, and the random part (192
 * bits). Every key of a grant can be found from any of its tokens, and two tokens of one grant have nothing in common
 * to look at but the prefix (ARCHITECTURE §3.4). A refresh token also carries its generation.
 */
export function newTokenText(keys: StoreKeys, kind: TokenKind, grantId: GrantId, generation = 0): string {
  if (kind === 'RefreshToken') return newRefreshText(keys, { grantId, generation });
  return write(keys, PREFIXES[kind], grantId);
}

/** What a JWT carries as `jti`: made like a token's text, but good for nothing without the JWT around it. */
export function newJwtId(keys: StoreKeys, kind: TokenKind, grantId: GrantId): string {
  const prefix = JWT_ID_PREFIXES[kind];
  if (prefix === undefined) throw new TypeError(`a ${kind} is never a JWT`);
  return write(keys, prefix, grantId);
}

/** What the text of a refresh token says to us: which grant, and the how-many-eth of its refresh tokens it is. */
export interface RefreshTextParts {
  readonly grantId: GrantId;
  /** 0 for the first. */
  readonly generation: number;
}

/**
 * A refresh token's text: as {@link newTokenText}, with its generation hidden beside the grant id, and a MAC. So a token
 * that the store does not know can still be told: an older one is a replay, a newer one was lost in a failover (C3).
 */
function newRefreshText(keys: StoreKeys, { grantId, generation }: RefreshTextParts): string {
  const random = randomBytes(RANDOM_BYTES);
  const number = Buffer.alloc(GENERATION_BYTES);
  number.writeUInt32BE(generation);
  const hidden = xor(Buffer.concat([Buffer.from(grantId, 'base64url'), number]), keys.mask(random));
  const body = Buffer.concat([hidden, random]);
  const mac = keys.mac(body).subarray(0, MAC_BYTES);
  return PREFIXES.RefreshToken + Buffer.concat([body, mac]).toString('base64url');
}

/** `undefined` when the text is no refresh token that was written under these keys. */
export function readRefreshText(keys: StoreKeys, text: string): RefreshTextParts | undefined {
  const [, encoded] = REFRESH_TEXT.exec(text) ?? [];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.toString('base64url') !== encoded) return undefined;
  const body = bytes.subarray(0, -MAC_BYTES);
  if (!keys.isMac(body, bytes.subarray(-MAC_BYTES))) return undefined;
  const random = body.subarray(GRANT_ID_BYTES + GENERATION_BYTES);
  const plain = xor(body.subarray(0, GRANT_ID_BYTES + GENERATION_BYTES), keys.mask(random));
  return {
    grantId: plain.subarray(0, GRANT_ID_BYTES).toString('base64url'),
    generation: plain.readUInt32BE(GRANT_ID_BYTES),
  };
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
  if (kind === 'RefreshToken') return readRefreshText(keys, text)?.grantId;
  const payload = JWT.exec(text)?.[1];
  return payload === undefined
    ? read(keys, PREFIXES[kind], text)
    : read(keys, JWT_ID_PREFIXES[kind], jwtIdIn(payload));
}

/**
 * What stands for a grant where others read it: the same for all its tokens, of no use to ask or end anything, and not to be
 * found from the grant id without the store secret.
 */
export function grantRefOf(keys: StoreKeys, grantId: GrantId): string {
  return Buffer.from(keys.hide(Buffer.from(grantId, 'base64url'))).toString('base64url');
}

/** The grant a reference may stand for; whether there is one shows when it is looked for. */
export function grantOfRef(keys: StoreKeys, ref: string): GrantId | undefined {
  const bytes = Buffer.from(ref, 'base64url');
  if (bytes.byteLength !== GRANT_ID_BYTES || bytes.toString('base64url') !== ref) return undefined;
  return Buffer.from(keys.reveal(bytes)).toString('base64url');
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
