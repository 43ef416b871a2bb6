import { REASONS, type DecisionKind, type Reason } from './decision.ts';
import type { KeptRecord } from './resources.ts';
import { scopesIn } from './words.ts';

/** One decision, as its person and an operator read it. */
export interface HistoryEntry {
  readonly kind: DecisionKind;
  /** Why it ended, where its person did not stop it. */
  readonly why?: Reason;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly until?: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly fhirServer: string;
  /** The name of the patient, or the id of one whose name was not known. */
  readonly patient?: string;
  /** Who decided acts for the patient. */
  readonly isForOther: boolean;
  readonly kept: readonly string[];
  readonly refused: readonly string[];
  /** The number of the Consent that this is a version of. */
  readonly reference: string;
}

/** What somebody decided, newest first. */
export function historyOf(records: readonly KeptRecord[]): HistoryEntry[] {
  return records.map(entryOf).toReversed();
}

/** Read off what is signed. */
function kindOf({ consent: { status }, provenance }: KeptRecord): DecisionKind {
  if (status === 'rejected') return 'refused';
  if (status === 'inactive') return reasonOf(provenance) === 'expiry' ? 'expired' : 'stopped';
  if (status === 'entered-in-error') return 'withdrawn';
  return provenance.activity.coding[0]?.code === 'UPDATE' ? 'changed' : 'granted';
}

function reasonOf({ activity }: KeptRecord['provenance']): Reason | undefined {
  return REASONS.find((reason) => activity.coding.some(({ code }) => code === reason));
}

function entryOf(record: KeptRecord): HistoryEntry {
  const { consent } = record;
  const { provision, patient, dateTime: at, organization, identifier } = consent;
  const client = provision.actor[0]?.reference;
  const clientId = client?.identifier.value ?? '';
  const whose = patient?.display ?? patient?.reference?.split('/').at(-1);
  const why = reasonOf(record.provenance);
  const isPermit = provision.type === 'permit';
  const denied = isPermit ? (provision.provision ?? []).flatMap(({ extension }) => scopesIn(extension)) : [];
  const named = scopesIn(provision.extension);
  return {
    ...{ kind: kindOf(record), at, clientId, clientName: client?.display ?? clientId },
    ...(provision.period.end === undefined ? {} : { until: provision.period.end }),
    ...(why === undefined ? {} : { why }),
    ...(whose === undefined ? {} : { patient: whose }),
    fhirServer: organization.at(-1)?.display ?? '',
    kept: isPermit ? named : [],
    refused: isPermit ? denied : named,
    isForOther: consent.performer.some(({ reference }) => /\/RelatedPerson\//.test(reference ?? '')),
    reference: identifier[0]?.value ?? '',
  };
}
