import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JWK } from 'jose';

import { bundleOf, inspect, publicHalf, type KeptRecord } from '../../../src/records/index.ts';
import { AT, GRANTED, HOUSE, newRecordKey, recordsOf } from '../../support/decisions.ts';

let records: readonly KeptRecord[];
let keys: JWK[];
let first: KeptRecord;
let line: string;
beforeAll(async () => {
  ({ records, keys } = await recordsOf([GRANTED, { ...GRANTED, kind: 'changed', kept: ['openid'] }]));
  first = records[0]!;
  line = JSON.stringify(first);
});

const problemsOf = async (text: string, known = keys) =>
  (await inspect(text, known)).map(({ problem }) => problem ?? 'valid');
const bundle = (kept: readonly KeptRecord[] = records) =>
  JSON.stringify(bundleOf(kept, HOUSE.issuer, AT), undefined, 2);

/** The same members in another order, all the way down. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, one]) => [name, reordered(one)]),
  );
}

describe('checking what was kept', () => {
  test('[SEC-10] an archive file and a Bundle verify, line by line and version by version', async () => {
    expect(await problemsOf(records.map((one) => `\n${JSON.stringify(one)}\n`).join(''))).toEqual([
      'valid',
      'valid',
    ]);
    expect(await problemsOf(bundle())).toEqual(['valid', 'valid']);
  });

  test('[SEC-10] order of members, white space, meta and text change nothing', async () => {
    const consent = {
      ...first.consent,
      meta: { ...first.consent.meta, tag: [{ code: 'x' }] },
      text: { div: 'x' },
    };
    const moved = reordered({ provenance: first.provenance, consent });
    expect(await problemsOf(bundle([moved as KeptRecord]))).toEqual(['valid']);
    expect(await problemsOf(JSON.stringify(moved))).toEqual(['valid']);
  });

  test.each([
    ['a scope', 'patient/Observation.rs"', 'patient/Observation.cruds"', 'consent'],
    ['the app', 'Growth Chart', 'Growth Charts', 'consent'],
    ['when it ends', '2027-01-15', '2028-01-15', 'consent'],
    ['what it is', '"code":"CREATE"', '"code":"UPDATE"', 'provenance'],
    ['who drew it up', '"assembler"', '"verifier"', 'provenance'],
    ['when it was signed', '"when":"2026-03-05', '"when":"2026-03-06', 'provenance'],
    ['a member with a strange name', '{"consent":{', '{"consent":{"__proto__":{"a":"b"},', 'consent'],
    [
      'a member that stands twice',
      '"status":"active"',
      '"status":"active","status":"active"',
      'repeated-member',
    ],
    ['how a number is written', '"size":41', '"size":41.0', 'number-form'],
    ['what stands beside the two', '{"consent":{', '{"kind":"refused","consent":{', 'not-a-record'],
    ['its end', '"}]}}', '', 'torn'],
  ])('[SEC-10] %s is edited: it is said what', async (_what, before, after, problem) => {
    expect(line).toContain(before);
    expect(await problemsOf(line.replace(before, after))).toEqual([problem]);
  });

  test('[SEC-10] a Provenance beside another version, another record or nothing', async () => {
    const [one, two] = records;
    const swapped = { consent: one!.consent, provenance: two!.provenance };
    expect(await problemsOf(JSON.stringify(swapped))).toEqual(['other-version']);
    const target = [{ reference: two!.provenance.target[0]!.reference }];
    const renamed = { consent: two!.consent, provenance: { ...one!.provenance, target } };
    expect(await problemsOf(JSON.stringify(renamed))).not.toEqual(['valid']);
    const { entry } = JSON.parse(bundle([one!])) as { entry: unknown[] };
    const only = (at: number) => JSON.stringify({ resourceType: 'Bundle', entry: [entry[at]] });
    expect(await problemsOf(only(0))).toEqual(['no-provenance']);
    expect(await problemsOf(only(1))).toEqual(['no-consent']);
    expect(await problemsOf('{"resourceType":"Bundle"}')).toEqual(['not-a-record']);
  });

  test('[SEC-10] a signature that is gone, another one, or by a key nobody knows', async () => {
    const signed = (data: string) => ({
      ...first,
      provenance: { ...first.provenance, signature: [{ ...first.provenance.signature[0], data }] },
    });
    expect(await problemsOf(JSON.stringify(signed('')))).toEqual(['signature']);
    const other = records[1]!.provenance.signature[0]!.data!;
    expect(await problemsOf(JSON.stringify(signed(other)))).toEqual(['consent']);
    expect(await problemsOf(line, [])).toEqual(['unknown-key']);
    const stranger = publicHalf({ ...(await newRecordKey('rec-1')) });
    expect(await problemsOf(line, [stranger])).toEqual(['signature']);
  });

  test('[SEC-10] after a rotation the old ones verify', async () => {
    const next = publicHalf(await newRecordKey('rec-2'));
    expect(await problemsOf(line, [next, ...keys])).toEqual(['valid']);
  });

  test('[SEC-10] a torn line spoils nothing of what stands around it', async () => {
    const text = `\n${line}\n\n${line.slice(0, 300)}\n${line}\n`;
    expect(await problemsOf(text)).toEqual(['valid', 'torn', 'valid']);
  });

  test('[SEC-10] any single edited byte of meaning is found', async () => {
    const start = line.indexOf('"versionId"');
    const meta = [start, line.indexOf('}', start)] as const;
    const edits = fc.record({
      at: fc.nat({ max: line.length - 1 }).filter((at) => at < meta[0] || at > meta[1]),
      by: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    await fc.assert(
      fc.asyncProperty(edits, async ({ at, by }) => {
        fc.pre(line[at] !== by);
        const edited = line.slice(0, at) + by + line.slice(at + 1);
        const isSame = sameMeaning(edited);
        expect(await problemsOf(edited)).toEqual(isSame ? ['valid'] : [expect.not.stringMatching('^valid$')]);
      }),
      { numRuns: 1000 },
    );
  });

  /** Escapes aside there is one way to write it; what stands for the same is no edit. */
  function sameMeaning(text: string): boolean {
    try {
      return JSON.stringify(JSON.parse(text)) === line;
    } catch {
      return false;
    }
  }
});
