// What audit records cost by themselves, in this process, with real files: the recorder as the server has it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';

import { createTrailFiles } from '../../src/archive/index.ts';
import {
  createAuditKeeper,
  createAuditRecorder,
  createTally,
  stamped,
  type AuditEvent,
  type AuditRecorder,
} from '../../src/audit/index.ts';
import { createTrail } from '../../src/trail/index.ts';
import { systemStamp } from '../../src/time/index.ts';
import { inLanes, times } from './codes.ts';
import { middle } from './process.ts';

/** Of one record or one question: microseconds of CPU, ours and the kernel's, and of time until it was done. */
export interface Cost {
  readonly cpu: number;
  readonly kernel: number;
  readonly wall: number;
}

export interface Sizes {
  readonly rounds: number;
  readonly records: number;
  readonly introspections: number;
}

/** So many token requests are under way at once. */
export const AT_ONCE = 32;
const SIGNATURES = 500;
const ALONE = 1000;

const ISSUED: AuditEvent = {
  ...{ type: 'token.issued', outcome: 'success', grantType: 'authorization_code', patient: 'p1' },
  ...{ clientId: 'growth-app', accountId: 'acc-0123456789', grantId: 'g-0123456789abcdefghijklmnop' },
  ...{ scope: 'openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs' },
  ...{ fhirServer: 'https://ehr.example/fhir/r4', tokenHash: 'h-0123456789abcdefghijklmnopqrstuvwxyz' },
  ...{ reference: 'K7QF-2M9X-J3PD', address: '203.0.113.7' },
};

const PARTS = ['record', 'alone', 'introspection', 'signature'] as const;
type Part = (typeof PARTS)[number];

/** The middle of the rounds, for each. */
export async function measureRecords(sizes: Sizes): Promise<Readonly<Record<Part, Cost>>> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-audit-'));
  const recorder = await recorderIn(dataDir);
  const tally = createTally(recorder);
  const record = (): Promise<void> => recorder.record(ISSUED);
  const records = times(sizes.records, () => record);
  const sign = await signer();
  const work: Record<Part, () => Promise<Cost>> = {
    record: () => costOf(records.length, () => inLanes(AT_ONCE, records)),
    // One after the other, each waiting for the disk: a server with little to do.
    alone: () =>
      costOf(ALONE, () =>
        inLanes(
          1,
          times(ALONE, () => record),
        ),
      ),
    introspection: () =>
      costOf(sizes.introspections, async () => {
        for (let at = 0; at < sizes.introspections; at += 1)
          tally.count({ resourceServer: 'fhir-server', clientId: `app-${at % 50}` });
        await tally.flush();
      }),
    signature: () =>
      costOf(SIGNATURES, () =>
        inLanes(
          1,
          times(SIGNATURES, () => sign),
        ),
      ),
  };
  const seen = { record: [], alone: [], introspection: [], signature: [] } as Record<Part, Cost[]>;
  await work.record();
  for (let round = 0; round < sizes.rounds; round += 1)
    for (const part of PARTS) seen[part].push(await work[part]());
  await recorder.close();
  await rm(dataDir, { recursive: true });
  return {
    ...{ record: middleOf(seen.record), alone: middleOf(seen.alone) },
    ...{ introspection: middleOf(seen.introspection), signature: middleOf(seen.signature) },
  };
}

async function recorderIn(dataDir: string): Promise<AuditRecorder> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const key = { kid: 'bench', alg: 'ES256', jwk: await exportJWK(pair.privateKey) };
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
  return createAuditRecorder([], systemStamp, fail, keeper);
}

function fail(error: unknown): void {
  throw new Error('the audit log did not keep a record', { cause: error });
}

/** Of an id token: the largest part of a code exchange. */
async function signer(): Promise<() => Promise<string>> {
  const { privateKey } = await generateKeyPair('RS256');
  const claims = { sub: 'acc', nonce: 'n', fhirUser: 'https://ehr.example/fhir/r4/Patient/p1' };
  return () => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey);
}

async function costOf(many: number, work: () => Promise<void>): Promise<Cost> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return {
    cpu: (user + system) / many,
    kernel: system / many,
    wall: (1000 * (performance.now() - began)) / many,
  };
}

function middleOf(costs: readonly Cost[]): Cost {
  const of = (name: keyof Cost): number => middle(costs.map((cost) => cost[name]));
  return { cpu: of('cpu'), kernel: of('kernel'), wall: of('wall') };
}
