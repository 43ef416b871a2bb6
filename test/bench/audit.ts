// `npm run bench -- audit`: what the audit log costs, in this process: CPU time of the record of a token, on disk before it is
// answered, with so many at once; of an introspection that is counted; and how long one record takes alone. Beside them the
// signature of an id token (RS256), the largest part of a code exchange. Writes bench-results/audit.json, and ends with
// one line of JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';

import { createTrailFiles } from '../../src/archive/index.ts';
import {
  createAuditKeeper,
  createAuditRecorder,
  createTally,
  stamped,
  type AuditEvent,
} from '../../src/audit/index.ts';
import { createTrail } from '../../src/trail/index.ts';
import { systemStamp } from '../../src/time/index.ts';
import { conclude, middle } from './process.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    records: { type: 'string', default: '5000' },
    introspections: { type: 'string', default: '200000' },
  },
});
const [ROUNDS, RECORDS, INTROSPECTIONS] = [values.rounds, values.records, values.introspections].map(
  Number,
) as [number, number, number];
/** So many token requests are under way at once. */
const AT_ONCE = 32;
const SIGNATURES = 500;
const ALONE = 200;

const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-audit-'));
const pair = await generateKeyPair('ES256', { extractable: true });
const key = { kid: 'bench', alg: 'ES256', jwk: await exportJWK(pair.privateKey) };
const rsa = await generateKeyPair('RS256');
const files = createTrailFiles(dataDir);
const trail = createTrail({
  newFile: (chain) => files.newFile(chain),
  others: () => files.openHeads(),
  key: async () => key,
  newId: () => 'bench',
  now: Date.now,
  onFailure: fail,
});
const keeper = createAuditKeeper({
  ...{ sink: trail, stamp: (event) => stamped(event, systemStamp), now: Date.now },
  ...{ onTrouble: fail, onRecovered: () => undefined },
});
const recorder = createAuditRecorder([], systemStamp, fail, keeper);
const tally = createTally(recorder);

function fail(error: unknown): void {
  throw new Error('the audit log did not keep a record', { cause: error });
}

const issued: AuditEvent = {
  ...{ type: 'token.issued', outcome: 'success', grantType: 'authorization_code', patient: 'p1' },
  ...{ clientId: 'growth-app', accountId: 'acc-0123456789', grantId: 'g-0123456789abcdefghijklmnop' },
  ...{ scope: 'openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs' },
  ...{ fhirServer: 'https://ehr.example/fhir/r4', tokenHash: 'h-0123456789abcdefghijklmnopqrstuvwxyz' },
  ...{ reference: 'K7QF-2M9X-J3PD', address: '203.0.113.7' },
};

type Part = 'record' | 'alone' | 'introspection' | 'signature';
const aloneMs: number[] = [];

/** CPU microseconds of this process, all its threads, for each of so many. */
async function microsOf(many: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / many;
}

async function recordMany(): Promise<void> {
  let left = RECORDS;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await recorder.record(issued);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function countMany(): Promise<void> {
  for (let at = 0; at < INTROSPECTIONS; at += 1)
    tally.count({ resourceServer: 'fhir-server', clientId: `app-${at % 50}` });
  await tally.flush();
}

async function signMany(): Promise<void> {
  for (let at = 0; at < SIGNATURES; at += 1)
    await new SignJWT({ sub: 'acc', nonce: 'n', fhirUser: 'https://ehr.example/fhir/r4/Patient/p1' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(rsa.privateKey);
}

/** One after the other, each waiting for the disk: a server with little to do. */
async function recordAlone(): Promise<void> {
  const began = performance.now();
  for (let at = 0; at < ALONE; at += 1) await recorder.record(issued);
  aloneMs.push((performance.now() - began) / ALONE);
}

const seen = { record: [], alone: [], introspection: [], signature: [] } as Record<Part, number[]>;
await recordMany();
for (let round = 0; round < ROUNDS; round += 1) {
  seen.record.push(await microsOf(RECORDS, recordMany));
  seen.introspection.push(await microsOf(INTROSPECTIONS, countMany));
  seen.signature.push(await microsOf(SIGNATURES, signMany));
  seen.alone.push(await microsOf(ALONE, recordAlone));
}
await recorder.close();
await rm(dataDir, { recursive: true });

const [record, alone] = [middle(seen.record), middle(seen.alone)];
const [introspection, signature] = [middle(seen.introspection), middle(seen.signature)];
process.stdout.write(
  `a token's record, ${AT_ONCE} at once: ${record.toFixed(1)} µs of CPU (at most 70)\n` +
    `an introspection counted: ${introspection.toFixed(2)} µs (at most 2)\n` +
    `an id token's signature, for comparison: ${signature.toFixed(0)} µs; a record is ${((100 * record) / signature).toFixed(1)} % of it\n` +
    `a record alone: ${alone.toFixed(0)} µs of CPU, and ${middle(aloneMs).toFixed(2)} ms until it is on disk\n`,
);
conclude(
  'audit',
  { rounds: ROUNDS, micros: { record, alone, introspection, signature }, aloneMs: middle(aloneMs) },
  {
    token_record_micros: Number(record.toFixed(1)),
    token_record_alone_micros: Number(alone.toFixed(1)),
    introspection_micros: Number(introspection.toFixed(2)),
    record_vs_id_token_signature: Number((record / signature).toFixed(3)),
  },
);
