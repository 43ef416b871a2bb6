import type { AuditRecorder } from '../audit/index.ts';
import type { FhirInteraction, TokenInfo } from '../resource-server/index.ts';
import type { Answer } from './answers.ts';

const FLUSH_EVERY_MS = 10_000;
/** So many different lines wait at most; then they are written at once. */
const MOST = 5000;

/** What became of a request. */
export interface AccessOutcome {
  /** `refused`: here or by the server behind us; `failure`: nobody could tell, or something broke. */
  readonly outcome: 'success' | 'refused' | 'failure';
  readonly reason?: string;
}

export function outcomeOf({ status, refused }: Pick<Answer, 'status' | 'refused'>): AccessOutcome {
  if (refused !== undefined) return { outcome: 'refused', reason: refused };
  if (status < 400) return { outcome: 'success' };
  return { outcome: status < 500 ? 'refused' : 'failure', reason: `answered ${status}` };
}

/** Who did what to whose record, so that a record is written for many alike. */
export interface AccessLog {
  note(token: TokenInfo, interaction: FhirInteraction, outcome: AccessOutcome): void;
  /** Writes down what was noted since the last time. */
  flush(): Promise<void>;
}

interface Line extends AccessOutcome {
  readonly token: TokenInfo;
  readonly interaction: FhirInteraction;
  readonly since: string;
  count: number;
}

/** What was noted is written every ten seconds and when the gateway stops, in the order it came. */
export function createAccessLog(
  recorder: Pick<AuditRecorder, 'record'>,
  now: () => number = Date.now,
): AccessLog {
  let lines = new Map<string, Line>();
  let timer: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const all = [...lines.values()];
    lines = new Map();
    for (const line of all) await recorder.record(eventOf(line));
  };
  return {
    flush,
    note(token, interaction, done) {
      const { clientId, sub, patient } = token;
      const what = [interaction.kind, typeOf(interaction), done.outcome, done.reason];
      const name = [clientId, sub, patient, ...what].join(' ');
      const known = lines.get(name);
      if (known) known.count += 1;
      else lines.set(name, { token, interaction, ...done, since: new Date(now()).toISOString(), count: 1 });
      if (lines.size >= MOST) void flush();
      else timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS).unref();
    },
  };
}

function eventOf({
  token,
  interaction,
  outcome,
  reason,
  since,
  count,
}: Line): Parameters<AuditRecorder['record']>[0] {
  const { clientId, sub, patient } = token;
  return {
    type: 'fhir.access',
    outcome,
    ...(reason === undefined ? {} : { reason }),
    clientId,
    ...(sub === undefined ? {} : { accountId: sub }),
    ...(patient === undefined ? {} : { patient }),
    ...{ interaction: interaction.kind, resourceType: typeOf(interaction), since, count },
  };
}

function typeOf(interaction: FhirInteraction): string {
  return 'resourceType' in interaction ? (interaction.resourceType ?? '*') : '*';
}
