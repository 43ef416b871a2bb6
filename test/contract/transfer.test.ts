import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  KEY_TABLE,
  adoptStore,
  createStoreKeys,
  createVault,
  exportStore,
  guardEpoch,
  importStore,
  openKeyRing,
  key,
  readEpoch,
  type KeyRing,
  type Row,
  type StoreDriver,
  type StoreKeys,
} from '../../src/store/index.ts';
import { PLACES, type Place } from './stores.ts';

const SECRET = randomBytes(32);
const keys = createStoreKeys(SECRET);
const ringOf = (driver: StoreDriver): Promise<KeyRing> => openKeyRing(driver, [SECRET]);
const guardOf = async (driver: StoreDriver, onChange: (isKnown: boolean) => void = () => undefined) => {
  const ring = await ringOf(driver);
  return guardEpoch(driver, ring.keys, { ring, onChange });
};
const keysOf = async (driver: StoreDriver): Promise<StoreKeys> => (await ringOf(driver)).keys;
const MARK = Uint8Array.of(1);
const DAY_MS = 24 * 3_600_000;
/** Longer than the time between two looks of a server; commands wait longer still. */
const QUIET_MS = 1200;

/** What a store keeps about itself, and no other takes over. */
const isOwn = (name: string): boolean =>
  (name.startsWith('gh:{epoch') && name !== key.barred) || name.endsWith(':sweep');

/** One of each kind of row, under the names of the key table. */
function oneOfEach(sealing: StoreKeys = keys): Row[] {
  return KEY_TABLE.filter(({ key: name }) => !isOwn(name)).map(({ key: pattern, holds, sealed }): Row => {
    const name = pattern.replaceAll(/<(\w+)>/g, 'some-$1');
    if (holds.startsWith('index')) return { index: name, member: 'some-member' };
    const record = Buffer.from(JSON.stringify({ accountId: 'some-account' }));
    return { key: name, value: sealed ? sealing.seal(name, record) : MARK };
  });
}

/** All but the counter. */
const EXPORTED = oneOfEach().length - 1;

const nameOf = (row: Row): string => ('key' in row ? row.key : `${row.index} ${row.member}`);

async function namesIn(driver: StoreDriver): Promise<string[]> {
  const names = new Set<string>();
  for await (const rows of driver.dump())
    for (const row of rows) if (!isOwn('key' in row ? row.key : row.index)) names.add(nameOf(row));
  return [...names].sort();
}

describe.each(PLACES)('an export of %s', (name, makePlace) => {
  let place: Place;
  let source: StoreDriver;
  let folder: string;
  let file: string;
  const targets: Place[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-export-'));
    file = path.join(folder, 'out.ndjson');
    place = await makePlace();
    source = await place.open();
    await adoptStore(source, await keysOf(source));
    await source.restore(oneOfEach());
  });
  afterAll(async () => {
    await place.clear();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => Promise.all(targets.splice(0).map((target) => target.clear())));

  /** An empty store, Redis for what is embedded and the other way round. */
  const target = async (): Promise<StoreDriver> => {
    const kind = name.startsWith('embedded') ? 'redis' : 'embedded';
    const made = await PLACES.find(([one]) => one === kind)![1]();
    targets.push(made);
    return made.open();
  };
  const backup = async (): Promise<number> => {
    await rm(file, { force: true });
    return exportStore(source, await ringOf(source), { file, final: false });
  };
  const importInto = async (driver: StoreDriver, intoUsed = false, from = file) =>
    importStore(driver, await ringOf(driver), { file: from, intoUsed, quietMs: QUIET_MS });

  test('[SEC-11] is for its owner only, whole under its name, and holds rows as they lie', async () => {
    expect(await backup()).toBe(EXPORTED);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['out.ndjson']);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const [header, ...rows] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(header).toMatchObject({
      format: 'gatehouse-store',
      version: 1,
      final: false,
      driver: source.name,
    });
    expect(header).toMatchObject({ epoch: (await readEpoch(source, await keysOf(source)))?.id });
    expect(rows.at(-1)).toEqual({ rows: EXPORTED, mac: expect.stringMatching(/^[\w-]{43}$/) });
    const [client] = await source.getMany([key.client('some-client')]);
    const clientRow = rows.find((row) => row['key'] === key.client('some-client'));
    expect(clientRow?.['value']).toBe(Buffer.from(client!).toString('base64'));
  });

  test('[C2.3] as a backup brings what lasts and what must not come back, and nothing that could have been revoked since', async () => {
    await backup();
    const empty = await target();
    const summary = await importInto(empty);
    expect(summary).toMatchObject({ as: 'backup', skipped: 0, leftOut: EXPORTED - 11 });
    expect(await namesIn(empty)).toEqual(
      [
        ...['gh:{some-grant}:dead', 'gh:{j.some-hash}:jti'],
        ...['gh:{keys}:signing', 'gh:{keys}:records'],
        'gh:{epoch}:barred some-member',
        ...['gh:{c.some-client}:client', 'gh:{c.some-client}:status', 'gh:{clients}:all some-member'],
        ...['gh:{a.some-account}:account', 'gh:{n.some-hash}:login', 'gh:{accounts}:all some-member'],
      ].sort(),
    );
    expect(await readEpoch(empty, await keysOf(empty))).toEqual(summary.epoch);
  });

  test('[C2.7] that is final closes the store, brings all but counters, and a store can be taken back', async () => {
    const told: boolean[] = [];
    const guard = await guardOf(source, (isKnown) => void told.push(isKnown));
    await rm(file, { force: true });
    await exportStore(source, await ringOf(source), {
      file,
      final: true,
      quietMs: QUIET_MS,
      onClosed: () => void told.push(false),
    });
    expect(told).toEqual([false, false]);
    await expect(guard.driver.getMany(['gh:{a}'])).rejects.toThrow(/was moved away.*gatehouse store adopt/);
    const late = guardOf(source);
    await expect(late).rejects.toThrow(/was moved away/);
    const empty = await target();
    expect(await importInto(empty)).toMatchObject({ as: 'move', leftOut: 0, written: EXPORTED });
    const moved = (await namesIn(source)).filter((one) => !one.endsWith(':count'));
    expect(await namesIn(empty)).toEqual(moved);
    for (const row of oneOfEach())
      if ('key' in row && !row.key.endsWith(':count'))
        expect(await empty.getMany([row.key])).toEqual(
          (await source.getMany([row.key])).map((one) => Buffer.from(one!)),
        );
    await adoptStore(source, await keysOf(source));
    await guard.check();
    expect(await guard.driver.getMany(['gh:{a}'])).toEqual([undefined]);
    guard.stop();
  });
});

describe('an import', () => {
  let folder: string;
  let file: string;
  const places: Place[] = [];
  const open = async (): Promise<StoreDriver> => {
    const place = await PLACES[0]![1]();
    places.push(place);
    return place.open();
  };
  const exported = async (
    rows: readonly Row[] | ((sealing: StoreKeys) => readonly Row[]),
    final = false,
  ): Promise<StoreDriver> => {
    const source = await open();
    await source.restore(typeof rows === 'function' ? rows(await keysOf(source)) : rows);
    await rm(file, { force: true });
    await exportStore(source, await ringOf(source), { file, final, quietMs: 0 });
    return source;
  };
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-import-'));
    file = path.join(folder, 'out.ndjson');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(places.splice(0).map((place) => place.clear()));
  });

  test.each<[string, (text: string) => string, RegExp]>([
    ['cut in the middle', (text) => text.slice(0, text.length / 2), /is cut off|edited or damaged/],
    ['cut at a line', (text) => `${text.trim().split('\n').slice(0, -1).join('\n')}\n`, /is cut off/],
    ['without one row', (text) => withoutLine(text, 3), /edited or damaged/],
    [
      'with a tombstone less and another row twice',
      (text) => twice(withoutLine(text, 3), 4),
      /edited or damaged/,
    ],
    ['called final', (text) => text.replace('"final":false', '"final":true'), /edited or damaged/],
    ['made later', (text) => text.replace(/"made":\d/, '"made":9'), /edited or damaged/],
    ['with another value', (text) => text.replace(/"value":"..../, '"value":"AAAA'), /edited or damaged/],
    ['with more at its end', (text) => `${text}{}\n`, /edited or damaged/],
    [
      'of a later version',
      (text) => text.replace('"version":1', '"version":2'),
      /is of version 2; .* reads 1/,
    ],
    ['that is empty', () => '', /is not an export of gatehouse/],
    ['that is something else', () => '{"format":"other"}\n[1]\n', /is not an export of gatehouse/],
  ])('[A197] of a file %s is refused, and nothing is written', async (_what, change, problem) => {
    await exported(oneOfEach);
    await writeFile(file, change(await readFile(file, 'utf8')));
    const empty = await open();
    await expect(
      importStore(empty, await ringOf(empty), { file, intoUsed: false, quietMs: QUIET_MS }),
    ).rejects.toThrow(problem);
    expect(await namesIn(empty)).toEqual([]);
  });

  test('[SEC-11] under another store secret, and of no file, is refused', async () => {
    await exported(oneOfEach);
    const others = randomBytes(32);
    const empty = await open();
    const under = importStore(empty, await openKeyRing(await open(), [others]), { file, intoUsed: false });
    await expect(under).rejects.toThrow(/made under another store secret/);
    const nothing = importStore(empty, await ringOf(empty), { file: `${file}.nothing`, intoUsed: false });
    await expect(nothing).rejects.toThrow(/cannot read .*\.nothing: .*ENOENT/);
    expect(await namesIn(empty)).toEqual([]);
  });

  test('[SEC-11] of a store whose secret was changed works in a new one, which hangs on the first secret from then on', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const source = await open();
    await createVault(source, (await openKeyRing(source, [first])).keys).write(key.account('a'), {
      name: 'Amy',
    });
    await adoptStore(source, (await openKeyRing(source, [second, first])).keys);
    await (await openKeyRing(source, [second])).rewrap();
    await rm(file, { force: true });
    await exportStore(source, await openKeyRing(source, [second]), { file, final: true, quietMs: 0 });
    for (const wasStarted of [false, true]) {
      const empty = await open();
      if (wasStarted) {
        const begun = await openKeyRing(empty, [second]);
        (await guardEpoch(empty, begun.keys, { ring: begun, onChange: () => undefined })).stop();
      }
      const ring = await openKeyRing(empty, [second], { begins: wasStarted });
      expect(await importStore(empty, ring, { file, intoUsed: false, quietMs: 0 })).toMatchObject({
        as: 'move',
      });
      const moved = await openKeyRing(empty, [second]);
      expect(await createVault(empty, moved.keys).read(key.account('a'))).toEqual({ name: 'Amy' });
      const guard = await guardEpoch(empty, moved.keys, { ring: moved, onChange: () => undefined });
      await guard.check();
      guard.stop();
    }
    const used = await open();
    await createVault(used, (await openKeyRing(used, [second])).keys).write(key.account('b'), {});
    const ring = await openKeyRing(used, [second]);
    await expect(importStore(used, ring, { file, intoUsed: true, quietMs: 0 })).rejects.toThrow(
      /was begun under another store secret than the file/,
    );
  });

  test('[C2.7] a file that is there already is not written over, and nothing is closed', async () => {
    const source = await exported(oneOfEach);
    const again = exportStore(source, await ringOf(source), { file, final: true });
    await expect(again).rejects.toThrow(/cannot write .*: it is there already; choose another name/);
    expect((await readEpoch(source, await keysOf(source)))?.closed).toBeUndefined();
  });

  test('[C2.7] where the file cannot be written nothing is closed', async () => {
    const source = await open();
    const { id } = await adoptStore(source, await keysOf(source));
    const nowhere = exportStore(source, await ringOf(source), { file: '/dev/null/out', final: true });
    await expect(nowhere).rejects.toThrow(/cannot write \/dev\/null\/out: /);
    expect(await readEpoch(source, await keysOf(source))).toMatchObject({ id });
  });

  test('[C2.3] into a store in use is refused; merged, what is there stays, and tombstones come', async () => {
    await exported(oneOfEach);
    const used = await open();
    await used.put({ key: key.account('some-account'), value: MARK });
    await expect(
      importStore(used, await ringOf(used), { file, intoUsed: false, quietMs: QUIET_MS }),
    ).rejects.toThrow(/is in use: .*--into-used/);
    expect(await namesIn(used)).toEqual([key.account('some-account')]);
    const summary = await importStore(used, await ringOf(used), { file, intoUsed: true, quietMs: QUIET_MS });
    expect(summary).toMatchObject({ as: 'backup', skipped: 1 });
    const found = await used.getMany([key.account('some-account'), key.dead('some-grant')]);
    expect(found.map((value) => value && [...value])).toEqual([[1], [1]]);
  });

  test('[SEC-11] merged with a store where somebody else has a user name of the file is refused', async () => {
    await exported(oneOfEach);
    const used = await open();
    await createVault(used, await keysOf(used)).write(key.login('some-hash'), { accountId: 'another' });
    await used.put({ key: key.account('another'), value: MARK });
    const merging = importStore(used, await ringOf(used), { file, intoUsed: true, quietMs: QUIET_MS });
    await expect(merging).rejects.toThrow(/another person under a user name of the file/);
    expect(await readEpoch(used, await keysOf(used))).toBeUndefined();
  });

  test('[C2.3] of a final export again, or a day later, brings back nothing that lives', async () => {
    await exported(oneOfEach, true);
    const first = await open();
    expect(
      await importStore(first, await ringOf(first), { file, intoUsed: false, quietMs: QUIET_MS }),
    ).toMatchObject({
      as: 'move',
    });
    // Ended there since, one token by itself and one grant.
    await first.remove(['gh:{some-grant}:at:some-hash']);
    await first.commit({
      ...{ mode: 'revoke', deadKey: key.dead('some-grant'), deadTtlSeconds: 60, consume: [], puts: [] },
      removes: [key.grant('some-grant')],
    });
    expect(
      await importStore(first, await ringOf(first), { file, intoUsed: true, quietMs: QUIET_MS }),
    ).toMatchObject({
      as: 'repeated',
    });
    expect(await first.getMany([key.grant('some-grant'), 'gh:{some-grant}:at:some-hash'])).toEqual([
      undefined,
      undefined,
    ]);
    const second = await open();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + DAY_MS + 1000);
    expect(
      await importStore(second, await ringOf(second), { file, intoUsed: false, quietMs: QUIET_MS }),
    ).toMatchObject({
      as: 'too-old',
    });
    expect(await second.getMany([key.grant('some-grant')])).toEqual([undefined]);
  });

  test(
    '[C2.7] closes the store to servers until it has ended; one that was interrupted can be repeated',
    async () => {
      await exported(oneOfEach, true);
      const store = await open();
      const guard = await guardOf(store);
      const signing = key.signingKeys;
      await store.put({ key: signing, value: MARK });
      jest.spyOn(store, 'restore').mockRejectedValueOnce(new Error('the power went'));
      await expect(
        importStore(store, await ringOf(store), { file, intoUsed: false, quietMs: QUIET_MS }),
      ).rejects.toThrow('the power went');
      await expect(guard.check()).rejects.toThrow(/an import into the store at .* has not ended/);
      const late = guardOf(store);
      await expect(late).rejects.toThrow(/has not ended/);
      await store.restore(oneOfEach().slice(0, 5));
      await expect(
        importStore(store, await ringOf(store), { file, intoUsed: false, quietMs: QUIET_MS }),
      ).rejects.toThrow(/an import into it has not ended; repeat it with --into-used/);
      expect(
        await importStore(store, await ringOf(store), { file, intoUsed: true, quietMs: QUIET_MS }),
      ).toMatchObject({
        as: 'move',
        leftOut: 0,
      });
      await guard.check();
      // The signing keys are those of the file, not those that a server made meanwhile.
      expect((await store.getMany([signing]))[0]?.byteLength).toBeGreaterThan(1);
      guard.stop();
    },
    QUIET_MS * 10,
  );
});

const withoutLine = (text: string, at: number): string => text.split('\n').toSpliced(at, 1).join('\n');
function twice(text: string, at: number): string {
  const lines = text.split('\n');
  return lines.toSpliced(at, 0, lines[at]!).join('\n');
}
