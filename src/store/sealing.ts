import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;
const KEY_BYTES = 32;

/** The shortest master secret that is accepted: 256 bits. */
const MIN_SECRET_BYTES = 32;

/**
 * A sealed value did not open: it was edited, moved to another key, or sealed under another secret. This is an alarm,
 * never "not found" (attack row A197).
 */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/** The keys everything in the store hangs on, each derived from the master secret for one use (RFC 5869). */
export interface StoreKeys {
  /** Seals bytes under the name of the key they are stored at. */
  seal(name: string, plain: Uint8Array): Uint8Array;
  /** @throws SealBroken */
  open(name: string, sealed: Uint8Array): Uint8Array;
  /** What stands for a secret or a name in a key: 43 base64url characters, of no use without the master secret. */
  keyedHash(kind: string, text: string): string;
  /** 32 bytes to hide a grant id under, different for each token. */
  mask(tweak: Uint8Array): Uint8Array;
}

/** @param secret the master secret: at least 32 bytes from a random source. */
export function createStoreKeys(secret: Uint8Array): StoreKeys {
  if (secret.byteLength < MIN_SECRET_BYTES)
    throw new TypeError(`the store secret needs ${MIN_SECRET_BYTES} bytes or more`);
  const sealKey = derive(secret, 'seal');
  const hashKey = derive(secret, 'keyed-hash');
  const maskKey = derive(secret, 'token-mask');
  return {
    seal: (name, plain) => seal(sealKey, name, plain),
    open: (name, sealed) => open(sealKey, name, sealed),
    keyedHash: (kind, text) => createHmac('sha256', hashKey).update(`${kind}\0${text}`).digest('base64url'),
    mask: (tweak) => createHmac('sha256', maskKey).update(tweak).digest(),
  };
}

function derive(secret: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'gatehouse', use, KEY_BYTES));
}

function seal(key: Uint8Array, name: string, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const body = cipher.update(plain);
  return Buffer.concat([Uint8Array.of(VERSION), nonce, body, cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  if (sealed[0] !== VERSION || sealed.byteLength < HEADER_BYTES + TAG_BYTES) {
    throw new SealBroken(`the value at ${name} is not one of ours`);
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, HEADER_BYTES));
    decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealBroken(`the value at ${name} does not open under this store secret`, { cause });
  }
}
