import { createHmac, randomBytes, randomInt } from 'node:crypto';

import { StoreUnavailable, type StoreDriver } from './driver.ts';
import { key } from './keys.ts';
import { replaceUnchanged } from './replace.ts';
import {
  SealBroken,
  createExchangeableKeys,
  derive,
  open,
  seal,
  type KeyMaterial,
  type StoreKeys,
} from './sealing.ts';

const DATA_KEY_BYTES = 32;
const MAX_ID = 2 ** 32 - 1;
const SECRET_ID_CHARACTERS = 11;
/** Stores begun since then have keys for texts, and take nothing that the root has sealed or proved by itself. */
const SINCE_TEXT_KEYS = 2;
const OLD_ROOT = 'root';
const ROOT = 'root-2';
/** A new data key is used only when every node has had time to read of it, with clocks that differ by ten seconds. */
const SETTLING_MS = 15_000;

/** Something wrapped under each secret that may open it, by the id of that secret. */
type Wrapped = Readonly<Record<string, string>>;

/** As it lies in the store: nothing in it is of use without one of the secrets. */
interface RingRecord {
  /** {@link SINCE_TEXT_KEYS}, or absent in a store that was begun before. The root is wrapped under it, so nobody changes it. */
  readonly begun?: number;
  readonly root: Wrapped;
  readonly texts?: readonly Wrapped[];
  readonly data: readonly { readonly id: number; readonly usableFrom: number; readonly wrapped: Wrapped }[];
}

/**
 * The keys that values are sealed under, kept in the store under the configured secrets (key-encryption keys). So a secret
 * is changed without touching a value: configure the new one in front of the old one, restart node by node, `rewrap`,
 * and drop the old one. And the data keys are changed while every node goes on.
 */
export interface KeyRing {
  readonly keys: StoreKeys;
  /** Opens what lies at {@link key.ring}; `undefined` when nothing does. @throws SealBroken under other secrets */
  read(stored: Uint8Array | undefined): KeyMaterial | undefined;
  /** From now on {@link keys} are made from this. */
  use(material: KeyMaterial): void;
  /** Adds a data key, which every node seals under some seconds later (default 15); returns its number, a random one. */
  rotate(settlingMs?: number): Promise<number>;
  /** Wraps everything under the configured secrets and no others. */
  rewrap(): Promise<void>;
  /** As it lies in the store: of use to nobody without one of the secrets. */
  record(): Promise<Uint8Array>;
  /**
   * Takes over the keys of another store, whose values come here.
   *
   * @param how `replace`: nothing here is sealed yet that is to stay; `merge`: both open afterwards
   * @returns `false`, with nothing changed, where they cannot be merged: names would hang on two roots
   */
  adopt(material: KeyMaterial, how: 'replace' | 'merge'): Promise<boolean>;
}

/**
 * @param secrets the current one first, then those that were; each 32 bytes or more
 * @param options.begins a store that has no keys gets some, default; else nothing is written, and nothing may be sealed
 * @throws SealBroken when none of them opens this store
 */
export async function openKeyRing(
  driver: StoreDriver,
  secrets: readonly Uint8Array[],
  { begins = true }: { readonly begins?: boolean } = {},
): Promise<KeyRing> {
  const wraps = secrets.map((secret) => ({
    id: idOf(secret),
    key: derive(secret, 'key-encryption'),
    secret,
  }));
  const [current] = wraps;
  if (!current) throw new TypeError('a store has a secret');
  const wrap = (name: string, plain: Uint8Array): Wrapped =>
    Object.fromEntries(
      wraps.map(({ id, key: kek }) => [id, Buffer.from(seal(kek, name, plain)).toString('base64')]),
    );
  const unwrap = (name: string, wrapped: Wrapped): Uint8Array => {
    const known = wraps.find(({ id }) => id in wrapped);
    if (!known) throw new SealBroken(`the store at ${driver.location} is sealed under another secret`);
    return open(known.key, name, Buffer.from(wrapped[known.id] ?? '', 'base64'));
  };
  const opened = ({ begun, root, texts = [], data }: RingRecord): KeyMaterial => ({
    root: unwrap(begun === SINCE_TEXT_KEYS ? ROOT : OLD_ROOT, root),
    takesOld: begun !== SINCE_TEXT_KEYS,
    textKeys: texts.map((one) => unwrap('text', one)),
    dataKeys: data.map(({ id, usableFrom, wrapped }) => ({
      id,
      usableFrom,
      key: unwrap(`data-${id}`, wrapped),
    })),
  });
  const written = ({ root, dataKeys, textKeys, takesOld }: KeyMaterial): Uint8Array => {
    const data = dataKeys.map((one) => ({
      id: one.id,
      usableFrom: one.usableFrom,
      wrapped: wrap(`data-${one.id}`, one.key),
    }));
    const record: RingRecord = {
      ...(takesOld ? {} : { begun: SINCE_TEXT_KEYS }),
      root: wrap(takesOld ? OLD_ROOT : ROOT, root),
      texts: textKeys.map((one) => wrap('text', one)),
      data,
    };
    return Buffer.from(JSON.stringify(record));
  };
  const read = (stored: Uint8Array | undefined): KeyMaterial | undefined => {
    const material = stored && opened(recordIn(stored, driver));
    if (material && !material.takesOld && material.textKeys.length === 0)
      throw new SealBroken(`the keys of the store at ${driver.location} are not whole`);
    return material;
  };

  const unbegun = async (): Promise<KeyMaterial> => {
    const { root, isUsed } = await firstRoot(driver, secrets);
    return { root, dataKeys: [], textKeys: [], takesOld: isUsed };
  };
  /** Changes what is there in one step; of two who do at once, one begins again. */
  const change = async (next: (material: KeyMaterial) => KeyMaterial): Promise<KeyMaterial> => {
    for (;;) {
      const [stored] = await driver.getMany([key.ring]);
      const material = next(read(stored) ?? (await unbegun()));
      if (await replaceUnchanged(driver, { key: key.ring, value: written(material) }, stored))
        return material;
    }
  };
  const [stored] = await driver.getMany([key.ring]);
  const isWrapped = stored !== undefined && current.id in recordIn(stored, driver).root;
  const known = isWrapped ? read(stored) : undefined;
  const first = known ?? (await (begins || stored ? change(withFirstKeys) : unbegun()));
  const keys = createExchangeableKeys(first);
  return {
    keys,
    read,
    use: (material) => keys.use(material),
    async rotate(settlingMs = SETTLING_MS) {
      const material = await change((before) => withNewKey(before, Date.now() + settlingMs));
      keys.use(material);
      return material.dataKeys.at(-1)?.id ?? 0;
    },
    async rewrap() {
      await change((material) => material);
    },
    async record() {
      const [record] = await driver.getMany([key.ring]);
      if (!record) throw new StoreUnavailable(`the store at ${driver.location} has lost its keys`);
      return record;
    },
    async adopt(other, how) {
      const mine = read((await driver.getMany([key.ring]))[0]) ?? (await unbegun());
      if (how === 'merge' && Buffer.compare(mine.root, other.root) !== 0) return false;
      keys.use(await change((before) => (how === 'merge' ? merged(before, other) : other)));
      return true;
    },
  };
}

function withFirstKeys(material: KeyMaterial): KeyMaterial {
  const begun = material.dataKeys.length > 0 ? material : withNewKey(material, 0);
  return begun.textKeys.length > 0 || begun.takesOld
    ? begun
    : { ...begun, textKeys: [randomBytes(DATA_KEY_BYTES)] };
}

function merged(mine: KeyMaterial, other: KeyMaterial): KeyMaterial {
  const known = new Set(mine.dataKeys.map(({ id }) => id));
  const isKnown = (key_: Uint8Array): boolean => mine.textKeys.some((own) => Buffer.compare(own, key_) === 0);
  // The newest stays ours.
  return {
    ...mine,
    dataKeys: [...other.dataKeys.filter(({ id }) => !known.has(id)), ...mine.dataKeys],
    textKeys: [...other.textKeys.filter((one) => !isKnown(one)), ...mine.textKeys],
    takesOld: mine.takesOld || other.takesOld,
  };
}

function withNewKey(material: KeyMaterial, usableFrom: number): KeyMaterial {
  // Random, so that the keys of two stores can lie side by side.
  const id = randomInt(1, MAX_ID);
  const added = { id, usableFrom, key: randomBytes(DATA_KEY_BYTES) };
  return { ...material, dataKeys: [...material.dataKeys, added] };
}

/** Of a store that has no ring yet: the secret it was begun with, which is in use already where it has an epoch. */
async function firstRoot(
  driver: StoreDriver,
  secrets: readonly Uint8Array[],
): Promise<{ readonly root: Uint8Array; readonly isUsed: boolean }> {
  const [epoch] = await driver.getMany([key.epoch]);
  const root = secrets.find((secret) => epoch === undefined || opensEpoch(secret, epoch));
  if (!root) throw new SealBroken(`the store at ${driver.location} is sealed under another secret`);
  return { root, isUsed: epoch !== undefined };
}

function opensEpoch(secret: Uint8Array, epoch: Uint8Array): boolean {
  try {
    return open(derive(secret, 'seal'), key.epoch, epoch).byteLength > 0;
  } catch (error) {
    if (error instanceof SealBroken) return false;
    throw error;
  }
}

/** Tells one secret from another without telling anything of it. */
function idOf(secret: Uint8Array): string {
  const hash = createHmac('sha256', derive(secret, 'secret-id')).update('id').digest('base64url');
  return hash.slice(0, SECRET_ID_CHARACTERS);
}

function recordIn(stored: Uint8Array, { location }: StoreDriver): RingRecord {
  try {
    return JSON.parse(Buffer.from(stored).toString('utf8')) as RingRecord;
  } catch (cause) {
    throw new StoreUnavailable(`the store at ${location} holds keys that cannot be read`, { cause });
  }
}
