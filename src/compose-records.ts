import { setTimeout as delay } from 'node:timers/promises';
import type { JWK } from 'jose';

import { createDueList, createFileArchive, createMarks, type FileArchive } from './archive/index.ts';
import type { AuditRecorder } from './audit/index.ts';
import type { Config } from './config/index.ts';
import { RECORD_ALGORITHMS, loadOrCreateKeys } from './keys/index.ts';
import type { Clock } from './oauth/index.ts';
import {
  createRecorder,
  publicHalf,
  type Decision,
  type DecisionRecords,
  type DueList,
} from './records/index.ts';
import { BREAK_GLASS } from './smart/index.ts';
import { createRecordKeyStore, type Vault } from './store/index.ts';

/** So long a disk may take before somebody who takes something back goes on without it. */
const PATIENCE_MS = 2000;

export interface ComposedRecords {
  readonly records: DecisionRecords;
  readonly archive: FileArchive;
  /** Access that may run out, and when. */
  readonly due: DueList;
  /** Every key that a record may be signed with: those in use, and all there have been. */
  readonly publicKeys: () => Promise<readonly JWK[]>;
}

interface Parts {
  readonly config: Pick<Config, 'issuer' | 'name' | 'records' | 'store' | 'tokens'>;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Milliseconds since 1970; default: the clock of the machine. */
  readonly now?: () => number;
  readonly audit: AuditRecorder;
  readonly log: { error(details: object, message: string): void };
}

/** Joins the records of decisions with files and keys. Part of the composition root: see public-app.ts. */
export function composeRecords({ config, vault, clock, now = Date.now, audit, log }: Parts): ComposedRecords {
  const { issuer, name } = config;
  const keyStore = createRecordKeyStore(vault);
  const keySet = () => loadOrCreateKeys(keyStore, clock, RECORD_ALGORITHMS);
  const { dataDir } = config.store;
  const marks = createMarks(dataDir);
  const archive = createFileArchive({
    dataDir,
    // Only a hint: who sends looks at everything once an hour.
    onKept: (accountName) => {
      if (config.records.push.length > 0) void marks.put(accountName).catch(() => undefined);
    },
    nameOf: (accountId) => vault.keys.keyedHash('records', accountId),
  });
  const recorder = createRecorder({
    archive,
    house: { issuer, name, policyUri: config.records.policyUrl ?? `${issuer}/policies/app-access/1` },
    key: async () => {
      const active = (await keySet()).keys.find(({ status }) => status === 'active');
      if (!active) throw new TypeError('there is no key to sign records with');
      return active;
    },
    now,
    newId: () => crypto.randomUUID(),
  });
  const tell = async (decision: Decision, error: unknown): Promise<void> => {
    const { kind, reference, person, client, fhirServer, patient, kept } = decision;
    log.error({ err: error, reference, decision: kind }, 'the record of a decision could not be kept');
    await audit.record({
      ...{ type: 'record.failed', outcome: 'failure', decision: kind, reference },
      ...{ accountId: person.accountId, clientId: client.id, fhirServer: fhirServer.url },
      ...(patient === undefined ? {} : { patient: patient.id }),
      scope: kept.join(' '),
    });
  };
  const tellEnd = ({ reference, person, client, fhirServer, patient }: Decision): Promise<void> =>
    audit.record({
      ...{ type: 'break-glass.ended', outcome: 'success', reference, accountId: person.accountId },
      ...{ clientId: client.id, fhirServer: fhirServer.url },
      ...(patient === undefined ? {} : { patient: patient.id }),
    });
  const due = createDueList(dataDir);
  const keep = async (decision: Decision): Promise<void> => {
    try {
      const at = endOf(decision, clock() + config.tokens.refreshTokenSeconds);
      const { reference, person } = decision;
      // Before the record: what is looked after in vain costs nothing.
      if (at !== undefined) await due.put({ accountId: person.accountId, reference, at });
      const isNew = await recorder.keep(decision);
      if (isNew && endsEmergency(decision)) await tellEnd(decision);
    } catch (error) {
      await tell(decision, error);
      throw error;
    }
  };
  const keepIfPossible = async (decision: Decision): Promise<void> => {
    const kept = keep(decision).then(
      () => 'settled',
      () => 'settled',
    );
    const outcome = await Promise.race([kept, delay(PATIENCE_MS, 'late', { ref: false })]);
    if (outcome === 'late') await tell(decision, new Error('the disk did not answer in time'));
  };
  return {
    archive,
    due,
    records: {
      of: (accountId, newest) => recorder.of(accountId, newest),
      keep,
      keepIfPossible,
    },
    publicKeys: async () => {
      const [{ keys }, kept] = await Promise.all([keySet(), archive.keys()]);
      const known = new Set(kept.map(({ kid }) => kid));
      return [...keys.filter(({ kid }) => !known.has(kid)).map(publicHalf), ...kept];
    },
  };
}

/** Restricted records of a patient were open, and are not any more. */
function endsEmergency({ kind, refused }: Decision): boolean {
  return (kind === 'stopped' || kind === 'expired') && refused.includes(BREAK_GLASS);
}

/**
 * When an app that may come back may not any more, as things stand, or what an emergency opened is closed; `undefined`: it may
 * not come back anyhow.
 */
function endOf({ kind, kept, until }: Decision, unused: number): number | undefined {
  const isGiven = kind === 'granted' || kind === 'changed';
  return isGiven && (kept.includes('offline_access') || kept.includes(BREAK_GLASS))
    ? (until ?? unused)
    : undefined;
}
