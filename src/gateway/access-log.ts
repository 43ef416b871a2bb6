import type { AuditRecorder } from '../audit/index.ts';
import type { FhirInteraction, TokenInfo } from '../resource-server/index.ts';

const FLUSH_EVERY_MS = 10_000;
/** So many different lines wait at most; then they are written at once. */
const MOST = 5000;

/** Who did what to whose record, so that a record is written for many alike. */
export interface AccessLog {
  note(token: TokenInfo, interaction: FhirInteraction, refused?: string): void;
  /** Writes down what was noted since the last time. */
  flush(): Promise<void>;
}

interface Line {
  readonly token: TokenInfo;
  readonly interaction: FhirInteraction;
  readonly refused?: string;
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
    note(token, interaction, refused) {
      const { clientId, sub, patient } = token;
      const name = [clientId, sub, patient, interaction.kind, typeOf(interaction), refused].join(' ');
      const known = lines.get(name);
      if (known) known.count += 1;
      else {
        const line = { token, interaction, since: new Date(now()).toISOString(), count: 1 };
        lines.set(name, refused === undefined ? line : { ...line, refused });
      }
      if (lines.size >= MOST) void flush();
      else timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS).unref();
    },
  };
}

function eventOf({
  token,
  interaction,
  refused,
  since,
  count,
}: Line): Parameters<AuditRecorder['record']>[0] {
  const { clientId, sub, patient } = token;
  return {
    type: 'fhir.access',
    outcome: refused === undefined ? 'success' : 'refused',
    ...(refused === undefined ? {} : { reason: refused }),
    clientId,
    ...(sub === undefined ? {} : { accountId: sub }),
    ...(patient === undefined ? {} : { patient }),
    ...{ interaction: interaction.kind, resourceType: typeOf(interaction), since, count },
  };
}

function typeOf(interaction: FhirInteraction): string {
  return 'resourceType' in interaction ? (interaction.resourceType ?? '*') : '*';
}
