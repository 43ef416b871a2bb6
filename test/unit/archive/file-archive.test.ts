import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createFileArchive, readKeysFile } from '../../../src/archive/index.ts';
import { publicHalf, type KeptRecord } from '../../../src/records/index.ts';
import { GRANTED, newRecordKey, recordsOf } from '../../support/decisions.ts';

describe('records in files', () => {
  let dataDir: string;
  let record: KeptRecord;
  const archiveAt = (folder = dataDir) =>
    createFileArchive({ dataDir: folder, nameOf: (accountId) => `file-of-${accountId}` });
  beforeEach(async () => {
    dataDir = path.join(await mkdtemp(path.join(tmpdir(), 'gatehouse-archive-')), 'data');
    record = (await recordsOf([GRANTED])).records[0]!;
  });
  afterEach(() => rm(path.dirname(dataDir), { recursive: true, force: true }));

  test('[CONS-16] what is kept is read back as it is, by person, in order', async () => {
    const archive = archiveAt();
    const second = { ...record, consent: { ...record.consent, id: 'second' } };
    await archive.append('amy', record);
    await archive.append('amy', second);
    await archive.append('ben', second);
    expect(await archiveAt().of('amy')).toEqual({ records: [record, second], torn: 0 });
    expect(await archive.of('ben')).toEqual({ records: [second], torn: 0 });
    expect(await archive.of('nobody')).toEqual({ records: [], torn: 0 });
  });

  test('months are put together in order, and no more of them are read than are asked for', async () => {
    const numbered = (id: string) => ({ ...record, consent: { ...record.consent, id } });
    for (const [month, id] of [
      ['2025-12', 'a'],
      ['2026-01', 'b'],
      ['2026-01', 'c'],
      ['2026-11', 'd'],
    ] as const) {
      const now = () => Date.parse(`${month}-15T12:00:00Z`);
      const nameOf = (accountId: string) => `file-of-${accountId}`;
      await createFileArchive({ dataDir, nameOf, now }).append('amy', numbered(id));
    }
    const archive = archiveAt();
    const idsOf = async (newest?: number) =>
      (await archive.of('amy', newest)).records.map(({ consent }) => consent.id).join('');
    expect([await idsOf(), await idsOf(1), await idsOf(2), await idsOf(3)]).toEqual([
      'abcd',
      'd',
      'bcd',
      'bcd',
    ]);
    expect((await archive.latestWith('amy', '"id":"b"'))?.consent.id).toBe('b');
    expect(await archive.latestWith('amy', 'nowhere in there')).toBeUndefined();
  });

  test('[SEC-11] nobody else may read them, and no name says whose they are', async () => {
    await archiveAt().append('amy', record);
    const names = await readdir(dataDir, { recursive: true });
    const month = new Date().toISOString().slice(0, 7);
    const folder = 'records/fi/file-of-amy';
    expect(names.toSorted()).toEqual(['records', 'records/fi', folder, `${folder}/${month}.jsonl`]);
    const modes = await Promise.all(
      names.map(async (name) => (await stat(path.join(dataDir, name))).mode & 0o777),
    );
    expect(modes.toSorted()).toEqual([0o600, 0o700, 0o700, 0o700]);
  });

  test.each([
    ['half a line', (line: string) => line.slice(0, 200)],
    ['half a line, and its end', (line: string) => `${line.slice(0, 200)}\n`],
    ['what is no record', () => '{"consent":1}\n'],
    ['bytes that are no text', () => '\u0000\u0000\u0000'],
  ])('a torn line (%s) is counted, and hides nothing before or after it', async (_what, torn) => {
    const archive = archiveAt();
    await archive.append('amy', record);
    await appendFile(archive.fileOf('amy'), torn(JSON.stringify(record)));
    expect(await archive.of('amy')).toEqual({ records: [record], torn: 1 });
    await archive.append('amy', record);
    expect(await archive.of('amy')).toEqual({ records: [record, record], torn: 1 });
  });

  test('killed in the middle of writing, several at once: whatever was said to be kept is there', async () => {
    const appender = path.resolve('test/unit/archive/appender.ts');
    const said: string[] = [];
    const children = ['one', 'two', 'three'].map((name) => {
      const child = spawn(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        appender,
        dataDir,
        name,
      ]);
      child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
      return child;
    });
    for (const [at, child] of children.entries()) {
      while (said.join('').split('\n').length < 20 * (at + 1)) await once(children.at(-1)!.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await archiveAt().append('amy', record);
    const { records, torn } = await archiveAt().of('amy');
    const kept = new Set(records.map(({ consent }) => consent.id));
    const promised = said.join('').split('\n').filter(Boolean);
    expect(promised.length).toBeGreaterThan(50);
    expect(promised.filter((id) => !kept.has(id))).toEqual([]);
    expect(kept.has(record.consent.id)).toBe(true);
    expect(torn).toBeLessThanOrEqual(children.length);
  });

  test('the public half of each key is kept once, by however many processes, and stays', async () => {
    const [one, two] = [publicHalf(await newRecordKey('rec-1')), publicHalf(await newRecordKey('rec-2'))];
    const archive = archiveAt();
    await archive.keepKey(one);
    await archive.keepKey(one);
    await archiveAt().keepKey(one);
    await archiveAt().keepKey(two);
    expect(await archive.keys()).toEqual([one, two]);
    const text = await readFile(path.join(dataDir, 'records', 'keys.jsonl'), 'utf8');
    expect(text).not.toContain('"d"');
  });

  test('a key set of somebody else is read; what is none is refused', async () => {
    const file = path.join(path.dirname(dataDir), 'jwks.json');
    await writeFile(file, JSON.stringify({ keys: [{ kid: 'a' }] }));
    expect(await readKeysFile(file)).toEqual([{ kid: 'a' }]);
    await writeFile(file, '\n{"kid":"b","kty":"EC"}\n\n{"kid":');
    expect(await readKeysFile(file)).toEqual([{ kid: 'b', kty: 'EC' }]);
    await writeFile(file, '[]');
    await expect(readKeysFile(file)).rejects.toThrow('there is no key');
  });

  test('[CONS-16] what cannot be written is an error', async () => {
    await writeFile(dataDir, 'a file where the folder should be');
    await expect(archiveAt().append('amy', record)).rejects.toThrow();
    await rm(dataDir);
    await archiveAt().append('amy', record);
    expect((await archiveAt().of('amy')).records).toHaveLength(1);
  });
});
