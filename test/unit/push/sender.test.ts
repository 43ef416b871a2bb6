import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { createFileArchive, createMarks, createTrack, senderLockIn } from '../../../src/archive/index.ts';
import {
  DECISIONS,
  createLane,
  startSender,
  type Lane,
  type Outcome,
  type Sender,
} from '../../../src/push/index.ts';
import type { KeptRecord } from '../../../src/records/index.ts';
import { lockFile } from '../../../src/store/index.ts';
import { until } from '../../support/app.ts';
import { GRANTED, recordsOf } from '../../support/decisions.ts';

const MAIN = { id: 'main', url: GRANTED.fhirServer.url };
const nameOf = (accountId: string): string => `file-of-${accountId}`;

describe('records on their way to a FHIR server', () => {
  let dataDir: string;
  let sample: KeptRecord;
  let sent: string[];
  let said: string[];
  let answer: (id: string) => Outcome;
  const running: Sender[] = [];
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-push-'));
    [sample] = (await recordsOf([GRANTED])).records as [KeptRecord];
    [sent, said] = [[], []];
    answer = () => ({ kind: 'sent' });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((sender) => sender.stop()));
    await rm(dataDir, { recursive: true });
  });

  const log = {
    info: (_details: object, message: string) => void said.push(message),
    warn: (_details: object, message: string) => void said.push(message),
    error: (_details: object, message: string) => void said.push(message),
  };
  const numbered = (id: string, url = MAIN.url): KeptRecord => {
    const { consent, provenance } = sample;
    const [house] = consent.organization;
    const organization = [house!, { display: 'Records', identifier: { value: url } }];
    return { consent: { ...consent, id, organization }, provenance: { ...provenance, id: `of-${id}` } };
  };
  const keep = async (accountId: string, ...ids: string[]): Promise<void> => {
    const marks = createMarks(dataDir);
    const archive = createFileArchive({ dataDir, nameOf, onKept: (name) => void marks.put(name) });
    for (const id of ids) await archive.append(accountId, numbered(id));
  };
  const laneTo = (server = MAIN): Lane<KeptRecord> =>
    createLane({
      ...{ server: server.id, track: createTrack(dataDir, server), log, now: Date.now, backoffMs: [5, 20] },
      kind: DECISIONS,
      outlet: {
        async send({ consent: { id } }) {
          const outcome = answer(id);
          if (outcome.kind === 'sent') sent.push(id);
          return outcome;
        },
      },
    });
  const start = (...lanes: Lane[]): Sender => {
    const claim = () => lockFile(senderLockIn(dataDir));
    const sender = startSender({
      lanes,
      marks: createMarks(dataDir),
      unseen: DECISIONS.words.unseen,
      claim,
      log,
      now: Date.now,
      everyMs: 10,
    });
    running.push(sender);
    return sender;
  };
  const untilSent = (many: number): Promise<void> => until(() => sent.length >= many, `${many} were sent`);

  test('[SEC-9] what was kept before and what is kept meanwhile is sent, in order for each person, once', async () => {
    await keep('amy', 'a1', 'a2');
    start(laneTo());
    await untilSent(2);
    await Promise.all([keep('amy', 'a3', 'a4'), keep('ben', 'b1', 'b2')]);
    await untilSent(6);
    expect(sent.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4']);
    expect(sent.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  test('[SEC-9] a server that is away loses nothing, is told of once, and is counted', async () => {
    answer = () => ({ kind: 'away', reason: 'it answered 503' });
    const lane = laneTo();
    start(lane);
    await keep('amy', 'a1', 'a2');
    await until(() => lane.state().failures >= 4, 'it was tried again');
    expect(lane.state()).toMatchObject({ waiting: 2, aside: 0 });
    expect(lane.state().oldestAt).toBe(Date.parse(sample.consent.dateTime));
    expect(said).toEqual(['a FHIR server cannot be sent records of decisions; they wait for it']);
    expect(await lane.track.trouble()).toMatchObject({ reason: 'it answered 503' });
    answer = () => ({ kind: 'sent' });
    await untilSent(2);
    await until(async () => (await lane.track.trouble()) === undefined, 'the trouble was over');
    expect(sent).toEqual(['a1', 'a2']);
    expect(said[1]).toBe('a FHIR server takes records of decisions again');
    await until(() => lane.state().waiting === 0, 'nothing waited');
  });

  test('[SEC-9] what a server asks to be left alone for is kept to, up to the limit', async () => {
    let tries = 0;
    answer = () => {
      tries += 1;
      return { kind: 'away', reason: 'it answered 429', waitMs: 3_600_000 };
    };
    start(laneTo());
    await keep('amy', 'a1');
    // An hour is more than the limit, 20 ms here.
    await until(() => tries >= 3, 'it was tried again');
    expect(sent).toEqual([]);
  });

  test('[SEC-9] what a server refuses is set aside, holds up nobody, and is sent again when somebody asks', async () => {
    answer = (id) =>
      id === 'a1' ? { kind: 'refused', status: 422, reason: 'unknown patient' } : { kind: 'sent' };
    const lane = laneTo();
    start(lane);
    await keep('amy', 'a1', 'a2');
    await untilSent(1);
    expect(sent).toEqual(['a2']);
    expect(said).toEqual([expect.stringContaining('it was set aside: see gatehouse consent push --status')]);
    expect(await lane.track.aside()).toMatchObject([{ status: 422, reason: 'unknown patient' }]);
    expect(lane.state().aside).toBe(1);
    expect(await lane.track.askAgain()).toBe(1);
    await until(() => said.length === 2, 'it was refused again');
    expect(await lane.track.aside()).toHaveLength(1);
    answer = () => ({ kind: 'sent' });
    await lane.track.askAgain();
    await untilSent(2);
    await until(async () => (await lane.track.askedAgain()).length === 0, 'it was settled');
    expect(await lane.track.aside()).toEqual([]);
    await until(() => lane.state().aside === 0, 'nothing was aside');
  });

  test('[SEC-9] a record that a server stumbles over each time holds up its own person alone', async () => {
    answer = (id) => (id === 'a1' ? { kind: 'away', reason: 'it answered 500' } : { kind: 'sent' });
    start(laneTo());
    await keep('amy', 'a1', 'a2');
    await keep('ben', 'b1');
    await keep('cid', 'c1');
    await untilSent(2);
    expect(sent.toSorted()).toEqual(['b1', 'c1']);
  });

  test('[SEC-9] ended between sending and noting it: the next one sends that record again, and no other', async () => {
    await keep('amy', 'a1', 'a2', 'a3');
    const track = createTrack(dataDir, MAIN);
    const lane = createLane({
      ...{ server: 'main', kind: DECISIONS, log, now: Date.now, backoffMs: [5, 20] },
      // As if the power failed: from the second record on nothing is noted any more.
      track: {
        ...track,
        reach: async (...told) => (sent.length < 2 ? track.reach(...told) : new Promise(() => {})),
      },
      outlet: {
        async send({ consent: { id } }) {
          sent.push(id);
          return { kind: 'sent' };
        },
      },
    });
    lane.add('file-of-amy');
    lane.wake();
    await untilSent(2);
    start(laneTo());
    await untilSent(4);
    expect(sent).toEqual(['a1', 'a2', 'a2', 'a3']);
  });

  test('[SEC-9] of two processes one sends, and the other as soon as that one has gone', async () => {
    const [first, second] = [laneTo(), laneTo()];
    const one = start(first);
    await keep('amy', 'a1');
    await untilSent(1);
    start(second);
    await keep('amy', 'a2');
    await untilSent(2);
    expect(lockFile(senderLockIn(dataDir))).toBeUndefined();
    await one.stop();
    await keep('amy', 'a3');
    await untilSent(3);
    expect(sent).toEqual(['a1', 'a2', 'a3']);
  });

  test('[SEC-9] each server is sent what is about it, and none waits for another', async () => {
    const other = { id: 'other', url: 'https://other.example/r4' };
    const archive = createFileArchive({ dataDir, nameOf });
    await archive.append('amy', numbered('m1'));
    await archive.append('amy', numbered('o1', other.url));
    await archive.append('amy', numbered('m2'));
    answer = (id) => (id.startsWith('m') ? { kind: 'away', reason: 'it answered 503' } : { kind: 'sent' });
    start(laneTo(), laneTo(other));
    await untilSent(1);
    expect(sent).toEqual(['o1']);
    answer = () => ({ kind: 'sent' });
    await untilSent(3);
    expect(sent).toEqual(['o1', 'm1', 'm2']);
  });

  test('[SEC-9] a torn line is stepped over, and what has no end yet is waited for', async () => {
    await keep('amy', 'a1');
    const folder = createFileArchive({ dataDir, nameOf }).folderOf('amy');
    const [month = ''] = await readdir(folder);
    await appendFile(path.join(folder, month), '\n{"consent":{"resourceType"');
    const track = createTrack(dataDir, MAIN);
    const [first, ...none] = await track.waitingOf('file-of-amy');
    expect([first?.record?.consent.id, none]).toEqual(['a1', []]);
    await keep('amy', 'a2');
    expect((await track.waitingOf('file-of-amy')).map(({ record }) => record?.consent.id)).toEqual([
      'a1',
      'a2',
    ]);
  });

  test('[SEC-9] a record that comes late into the file of last month is sent all the same', async () => {
    const at = (date: string) => createFileArchive({ dataDir, nameOf, now: () => Date.parse(date) });
    await at('2026-12-01T00:00:00.010Z').append('amy', numbered('new'));
    start(laneTo());
    await untilSent(1);
    await at('2026-11-30T23:59:59.990Z').append('amy', numbered('late'));
    await createMarks(dataDir).put('file-of-amy');
    await untilSent(2);
    expect(sent).toEqual(['new', 'late']);
  });
});
