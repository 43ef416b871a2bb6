import { exportJWK, generateKeyPair, type JWK } from 'jose';

import {
  createRecorder,
  publicHalf,
  type Archived,
  type Decision,
  type KeptRecord,
  type RecordArchive,
  type RecordKey,
  type Recorder,
} from '../../src/records/index.ts';

export const HOUSE = {
  issuer: 'https://auth.example',
  name: 'Riverside Health',
  policyUri: 'https://auth.example/policies/app-access/1',
};
export const AT = '2026-03-05T10:00:00.000Z';

export const GRANTED: Decision = {
  kind: 'granted',
  reference: 'kq7h-3mzt-9w2c',
  by: 'person',
  person: { accountId: 'account-1', name: 'Amy Shaw', role: 'patient', fhirUser: 'Patient/p1' },
  client: { id: 'growth', name: 'Growth Chart' },
  fhirServer: { url: 'https://fhir.example/r4', name: 'Riverside records' },
  patient: { id: 'p1', name: 'Amy Shaw' },
  kept: ['launch/patient', 'patient/Observation.rs'],
  refused: ['offline_access'],
  until: 1_800_000_000,
  shown: { html: '<!doctype html><p>Allow Growth Chart?</p>', language: 'en' },
};

export async function newRecordKey(kid: string, alg: 'ES256' | 'ES384' = 'ES256'): Promise<RecordKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, jwk: await exportJWK(privateKey) };
}

export interface MemoryArchive extends RecordArchive {
  readonly rows: KeptRecord[];
  readonly published: JWK[];
}

/** An archive of one person, gone with the test. */
export function memoryArchive(): MemoryArchive {
  const rows: KeptRecord[] = [];
  const published: JWK[] = [];
  return {
    rows,
    published,
    append: async (_accountId, record) => void rows.push(JSON.parse(JSON.stringify(record)) as KeptRecord),
    of: async (): Promise<Archived> => ({ records: rows, torn: 0 }),
    latestWith: async (_accountId, text) => rows.findLast((row) => JSON.stringify(row).includes(text)),
    keepKey: async (key) => {
      if (!published.some(({ kid }) => kid === key.kid)) published.push(key);
    },
    keys: async () => published,
  };
}

export function recorderOn(archive: RecordArchive, key: RecordKey): Recorder {
  let ids = 0;
  const newId = (): string => `${String((ids += 1)).padStart(8, '0')}-0000-4000-8000-000000000000`;
  return createRecorder({ archive, house: HOUSE, key: async () => key, now: () => Date.parse(AT), newId });
}

/** One record of each of these, and what proves them. */
export async function recordsOf(decisions: readonly Decision[], alg: 'ES256' | 'ES384' = 'ES256') {
  const archive = memoryArchive();
  const key = await newRecordKey('rec-1', alg);
  const recorder = recorderOn(archive, key);
  for (const decision of decisions) await recorder.keep(decision);
  return { records: archive.rows, keys: [publicHalf(key)] };
}
