import type { ClientId } from '../oauth/index.ts';
import type { AuditRecorder } from './recorder.ts';

const FLUSH_EVERY_MS = 10_000;

/** One introspection: who asked, and whether about a token that lived, and whose. */
export interface Asked {
  readonly resourceServer: ClientId;
  /** Whose token it is; absent when it had ended. */
  readonly clientId?: ClientId;
}

/** Counts introspections, so that a record is written for many of them. */
export interface Tally {
  count(asked: Asked): void;
  /** Writes down what was counted since the last time. */
  flush(): Promise<void>;
}

interface Counted extends Asked {
  readonly since: string;
  count: number;
}

/**
 * FHIR servers ask with every request: a record for each would cost more than the answer. What was counted is written every
 * ten seconds, and when the server stops; a server that was killed shows by a start without a stop.
 */
export function createTally(recorder: Pick<AuditRecorder, 'record'>, now: () => number = Date.now): Tally {
  let counted = new Map<string, Counted>();
  let timer: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const all = [...counted.values()];
    counted = new Map();
    for (const { resourceServer, clientId, since, count } of all) {
      await recorder.record({
        type: 'token.introspected',
        outcome: 'success',
        active: clientId !== undefined,
        ...{ resourceServer, since, count },
        ...(clientId === undefined ? {} : { clientId }),
      });
    }
  };
  return {
    flush,
    count(asked) {
      const name = `${asked.resourceServer} ${asked.clientId ?? ''}`;
      const known = counted.get(name);
      if (known) known.count += 1;
      else counted.set(name, { ...asked, since: new Date(now()).toISOString(), count: 1 });
      timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS).unref();
    },
  };
}
