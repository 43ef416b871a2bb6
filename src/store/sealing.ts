import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type Cipheriv,
  type Decipheriv,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';

const VERSION = 1;
/**
 * Stands before a value that is sealed under a data key, with the number of that key. Another one wherever a record means
 * something that a node of before would take for something else: to that node it is an alarm, and never "not found".
 */
const NUMBERED = 3;
/** Of when each token said everything itself. */
const NUMBERED_BEFORE = 2;
const NUMBER_BYTES = 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;
const KEY_BYTES = 32;
/** Some hundred bytes each. */
const MOST_NAMES = 10_000;

/** The shortest master secret that is accepted: 256 bits. */
const MIN_SECRET_BYTES = 32;

/**
 * A sealed value did not open: it was edited, moved to another key, or sealed under another secret. This is an alarm,
 * never "not found" (attack row A197).
 */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/** The keys everything in the store hangs on. */
export interface StoreKeys {
  /** Seals bytes under the name of the key they are stored at. */
  seal(name: string, plain: Uint8Array): Uint8Array;
  /** @throws SealBroken */
  open(name: string, sealed: Uint8Array): Uint8Array;
  /** What stands for a secret or a name in a key: 43 base64url characters, of no use without the master secret. */
  keyedHash(kind: string, text: string): string;
  /** 32 bytes that only this store can make of these; of use beside {@link isMac}. */
  mac(body: Uint8Array): Uint8Array;
  /** Was this {@link mac}, or the beginning of it, made here, under a key of now or of before? In constant time. */
  isMac(body: Uint8Array, mac: Uint8Array): boolean;
  /** 32 bytes to hide a grant id under, different for each token. */
  mask(tweak: Uint8Array): Uint8Array;
  /** Another name for an id of 16 bytes, always the same; says nothing without the master secret. */
  hide(id: Uint8Array): Uint8Array;
  /** The id that has this name; there is one for any 16 bytes. */
  reveal(name: Uint8Array): Uint8Array;
}

/** A key that values are sealed under; {@link KeyMaterial.root} makes the one with the number 0. */
export interface DataKey {
  /** 1 to 2³² − 1; a sealed value says which one it needs. */
  readonly id: number;
  readonly key: Uint8Array;
  /** Milliseconds since 1970: until then other nodes may not know it, and nothing is sealed under it. */
  readonly usableFrom: number;
}

/** What all store keys are made from (RFC 5869). */
export interface KeyMaterial {
  /** At least 32 bytes from a random source; names hang on it, so it stays as long as the store. */
  readonly root: Uint8Array;
  /** In the order they were made. */
  readonly dataKeys: readonly DataKey[];
  /**
   * What the texts of refresh tokens are proved with, in the order they were made. Empty in a store of before there were
   * any: there the root does it.
   */
  readonly textKeys: readonly Uint8Array[];
  /**
   * The store was begun when the root, which may be an old store secret, sealed values and proved texts by itself: such
   * are still taken. In any other, who has nothing but an old secret can make neither.
   */
  readonly takesOld: boolean;
}

/** Keys that can be exchanged while they are used: whoever holds them has the new ones from then on. */
export interface ExchangeableKeys extends StoreKeys {
  use(material: KeyMaterial): void;
}

/** @param secret the master secret: at least 32 bytes from a random source. */
export function createStoreKeys(secret: Uint8Array): StoreKeys {
  return createExchangeableKeys({ root: secret, dataKeys: [], textKeys: [], takesOld: true });
}

export function createExchangeableKeys(first: KeyMaterial): ExchangeableKeys {
  let derived = deriveAll(first);
  return {
    use(material) {
      derived = deriveAll(material);
    },
    seal(name, plain) {
      const now = Date.now();
      const newest = derived.dataKeys.findLast(({ usableFrom }) => usableFrom <= now);
      return newest
        ? Buffer.concat([numbered(newest.id), seal(newest.key, name, plain)])
        : seal(derived.sealKey, name, plain);
    },
    open(name, sealed) {
      const isNumbered = sealed[0] === NUMBERED || sealed[0] === NUMBERED_BEFORE;
      if (!isNumbered || sealed.byteLength < NUMBER_BYTES) {
        if (derived.takesOld) return open(derived.sealKey, name, sealed);
        throw new SealBroken(`the value at ${name} is sealed as none is in this store`);
      }
      const id = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).readUInt32BE(1);
      const known = derived.dataKeys.findLast((one) => one.id === id);
      if (!known) throw new SealBroken(`the value at ${name} needs the data key ${id}, which is not there`);
      return open(known.key, name, sealed.subarray(NUMBER_BYTES));
    },
    keyedHash: (kind, text) =>
      createHmac('sha256', derived.hashKey).update(`${kind}\0${text}`).digest('base64url'),
    mac: (body) => macOf(derived.textKeys.at(-1) ?? derived.hashKey, body),
    isMac: (body, mac) =>
      [...derived.textKeys, ...(derived.takesOld ? [derived.hashKey] : [])]
        .toReversed()
        .some((one) => timingSafeEqual(macOf(one, body).subarray(0, mac.byteLength), mac)),
    mask: (tweak) => createHmac('sha256', derived.maskKey).update(tweak).digest(),
    hide(id) {
      const { names, nameKey } = derived;
      const text = Buffer.from(id).toString('base64url');
      const known = names.get(text);
      if (known) return known;
      if (names.size >= MOST_NAMES) names.clear();
      const name = oneBlock(createCipheriv('aes-256-ecb', nameKey, null), id);
      names.set(text, name);
      return name;
    },
    reveal: (name) => oneBlock(createDecipheriv('aes-256-ecb', derived.nameKey, null), name),
  };
}

/** With the name that it has always had, so that texts of before stay good. */
function macOf(secretKey: KeyObject, body: Uint8Array): Buffer {
  const text = `refresh-text\0${Buffer.from(body).toString('base64url')}`;
  return createHmac('sha256', secretKey).update(text).digest();
}

/** As key objects: handing the bytes over anew costs several times what sealing itself does. */
function deriveAll({ root, dataKeys, textKeys, takesOld }: KeyMaterial) {
  if (root.byteLength < MIN_SECRET_BYTES)
    throw new TypeError(`the store secret needs ${MIN_SECRET_BYTES} bytes or more`);
  return {
    takesOld,
    textKeys: textKeys.map((one) => createSecretKey(one)),
    dataKeys: dataKeys.map((one) => ({ ...one, key: createSecretKey(one.key) })),
    sealKey: createSecretKey(derive(root, 'seal')),
    hashKey: createSecretKey(derive(root, 'keyed-hash')),
    maskKey: createSecretKey(derive(root, 'token-mask')),
    nameKey: createSecretKey(derive(root, 'grant-name')),
    /** Other names that were asked for lately; the same question comes with every introspection. */
    names: new Map<string, Uint8Array>(),
  };
}

/** Of a single block a cipher makes another one, each of its own: nothing is chained, so nothing else is needed. */
function oneBlock(cipher: Cipheriv | Decipheriv, block: Uint8Array): Uint8Array {
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

function numbered(id: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes[0] = NUMBERED;
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

/** 32 bytes for one use of a secret. */
export function derive(secret: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'gatehouse', use, KEY_BYTES));
}

export function seal(key: KeyObject | Uint8Array, name: string, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const body = cipher.update(plain);
  return Buffer.concat([Uint8Array.of(VERSION), nonce, body, cipher.final(), cipher.getAuthTag()]);
}

export function open(key: KeyObject | Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  if (sealed[0] !== VERSION || sealed.byteLength < HEADER_BYTES + TAG_BYTES) {
    throw new SealBroken(`the value at ${name} is not one of ours`);
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, HEADER_BYTES));
    decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(-TAG_BYTES));
    const plain = decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES));
    // Throws when it is not what was sealed; of GCM nothing is left to come.
    decipher.final();
    return plain;
  } catch (cause) {
    throw new SealBroken(`the value at ${name} does not open under this store secret`, { cause });
  }
}
