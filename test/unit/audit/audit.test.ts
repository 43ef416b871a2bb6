import { Writable } from 'node:stream';

import { describe, expect, test } from '@jest/globals';
import {
  createAuditRecorder,
  createStdoutSink,
  type AuditEvent,
  type AuditRecord,
  type AuditSink,
} from '../../../src/audit/index.ts';

const event: AuditEvent = { type: 'sign-in', outcome: 'refused', reason: 'wrong-credentials' };
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function memorySink(name = 'memory'): AuditSink & { records: AuditRecord[]; closed: boolean } {
  return {
    name,
    records: [],
    closed: false,
    async write(record) {
      this.records.push(record);
    },
    async close() {
      this.closed = true;
    },
  };
}

describe('createAuditRecorder', () => {
  const failures: [string, unknown][] = [];
  const recorderOver = (...sinks: AuditSink[]): ReturnType<typeof createAuditRecorder> =>
    createAuditRecorder(
      sinks,
      () => ({ recorded: new Date(NOW).toISOString(), timeSource: 'ntp', offsetMs: -3.5 }),
      (sink, error) => failures.push([sink, error]),
    );

  test('[SEC-2] a record says when, in UTC with milliseconds, and by which clock', async () => {
    const sink = memorySink();
    await recorderOver(sink).record(event);
    expect(sink.records).toEqual([
      { recorded: '2026-01-02T03:04:05.678Z', timeSource: 'ntp', offsetMs: -3.5, ...event },
    ]);
  });

  test('[SEC-5] every sink has the record when it resolves', async () => {
    const slow = memorySink('slow');
    const write = slow.write.bind(slow);
    slow.write = async (record) => {
      await new Promise(setImmediate);
      await write(record);
    };
    const fast = memorySink('fast');
    await recorderOver(slow, fast).record(event);
    expect([slow.records.length, fast.records.length]).toEqual([1, 1]);
  });

  test('[SEC-4] [C2.11] what ends or refuses something waits for no disk', async () => {
    const stuck = memorySink('stuck');
    let begun = 0;
    stuck.write = () => {
      begun += 1;
      return new Promise(() => undefined);
    };
    await recorderOver(stuck).record({ type: 'token.revoked', outcome: 'success', what: 'grant' });
    await recorderOver(stuck).record({ type: 'sign-out', outcome: 'success' });
    expect(begun).toBe(2);
    const waits = recorderOver(stuck)
      .record(event)
      .then(() => 'answered');
    const soon = new Promise((resolve) => setTimeout(resolve, 30, 'waiting'));
    expect(await Promise.race([waits, soon])).toBe('waiting');
  });

  test.each<[string, AuditSink['write']]>([
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
  ])('[F37] a sink that %s is reported; the others still get the record', async (_how, write) => {
    failures.length = 0;
    const [before, after] = [memorySink('before'), memorySink('after')];
    await recorderOver(before, { ...memorySink('broken'), write }, after).record(event);
    expect([before.records.length, after.records.length]).toEqual([1, 1]);
    expect(failures).toEqual([['broken', new Error('disk full')]]);
  });

  test('[F20] closing closes every sink', async () => {
    const sinks = [memorySink(), memorySink()];
    await recorderOver(...sinks).close();
    expect(sinks.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('createStdoutSink', () => {
  const record: AuditRecord = { recorded: '2026-01-02T03:04:05.678Z', timeSource: 'system', ...event };

  function capture(): { stream: Writable; text: () => string } {
    const chunks: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk.toString());
        done();
      },
    });
    return { stream, text: () => chunks.join('') };
  }

  test('[SEC-5] one record is one line of JSON under `audit`', async () => {
    const { stream, text } = capture();
    const sink = createStdoutSink(stream);
    await sink.write(record);
    await sink.write({ ...record, reason: 'again' });
    const lines = text().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.slice(0, 2).map((line) => JSON.parse(line) as unknown)).toEqual([
      { audit: record },
      { audit: { ...record, reason: 'again' } },
    ]);
  });

  test.each([
    ['a line feed', '\n{"audit":{"type":"forged"}}\n'],
    ['a carriage return', '\r{"audit":{}}'],
    ['a next-line character', '\u0085{"audit":{}}'],
    ['a line separator', '\u2028{"audit":{}}'],
    ['a paragraph separator', '\u2029{"audit":{}}'],
    ['a terminal escape', '\u001b[2K'],
    ['a one-character terminal escape', '\u009b2K'],
    ['a quote', '"},"forged":{"'],
  ])('[SEC-5] %s in a value neither ends the line nor is lost', async (_what, reason) => {
    const { stream, text } = capture();
    await createStdoutSink(stream).write({ ...record, reason });
    expect(text().slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(text().at(-1)).toBe('\n');
    expect(JSON.parse(text())).toEqual({ audit: { ...record, reason } });
  });

  test('[F36] a stream that cannot be written to rejects', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    stream.on('error', () => undefined);
    await expect(createStdoutSink(stream).write(record)).rejects.toThrow('EPIPE');
  });
});
