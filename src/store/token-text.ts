import { randomBytes } from 'node:crypto';

import type { GrantId } from '../oauth/index.ts';
import type { StoreKeys } from './sealing.ts';

/** Prefixes tell the kind without asking the store, and let secret scanners find a leaked token. */
const PREFIXES = {
  AccessToken: 'gat_',
  RefreshToken: 'grt_',
  AuthorizationCode: 'gac_',
  ClientCredentials: 'gbt_',
} as const;
export type TokenKind = keyof typeof PREFIXES;

const GRANT_ID_BYTES = 16;
const RANDOM_BYTES = 24;
const TEXT = /^(gat_|grt_|gac_|gbt_)([A-Za-z0-9_-]{54})$/;

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
  const random = randomBytes(RANDOM_BYTES);
  const hidden = xor(Buffer.from(grantId, 'base64url'), keys.mask(random));
  return PREFIXES[kind] + Buffer.concat([hidden, random]).toString('base64url');
}

/** The grant id a token of this kind points to; `undefined` when the text is not a token of this kind. */
export function grantIdOf(keys: StoreKeys, kind: TokenKind, text: string): GrantId | undefined {
  const [, prefix, body] = TEXT.exec(text) ?? [];
  if (prefix !== PREFIXES[kind] || body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64url');
  // The last character of the text carries unused bits; only the one spelling we write is ours.
  if (bytes.toString('base64url') !== body) return undefined;
  const random = bytes.subarray(GRANT_ID_BYTES);
  return xor(bytes.subarray(0, GRANT_ID_BYTES), keys.mask(random)).toString('base64url');
}

function xor(bytes: Uint8Array, mask: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ (mask[at] ?? 0)));
}
