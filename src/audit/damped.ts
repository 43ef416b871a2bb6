import type { AuditEvent } from './events.ts';
import type { AuditRecorder } from './recorder.ts';

export interface DampingParts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** So many alike of one minute are written each by itself. */
  readonly most: number;
  /** Default 60 000. */
  readonly everyMs?: number;
}

const EVERY_MS = 60_000;
/** So many kinds are told apart; what comes then is told apart by less. */
const MOST_KINDS = 10_000;

type Refusal = Extract<AuditEvent, { type: 'token.refused' | 'request.refused' }>;

interface Alike {
  readonly since: number;
  seen: number;
  /** So many of them were not written, the last of which is this. */
  more: number;
  last: Refusal;
}

/**
 * Somebody without any right can have things refused as fast as they can ask, and each refusal is a line on disk: what is refused
 * again and again in one minute, to the same one for the same reason, is written as one record that says how often (F39).
 */
export function damped(recorder: AuditRecorder, parts: DampingParts): AuditRecorder {
  const { now, most, everyMs = EVERY_MS } = parts;
  const kinds = new Map<string, Alike>();
  const timers = new Set<NodeJS.Timeout>();
  const flush = async (kind: string): Promise<void> => {
    const alike = kinds.get(kind);
    kinds.delete(kind);
    if (!alike || alike.more === 0) return;
    const { reference: _one, ...last } = alike.last;
    await recorder.record({ ...last, count: alike.more, since: new Date(alike.since).toISOString() });
  };
  const begin = (kind: string, last: Refusal): Alike => {
    const alike = { since: now(), seen: 0, more: 0, last };
    kinds.set(kind, alike);
    const timer = setTimeout(() => {
      timers.delete(timer);
      void flush(kind);
    }, everyMs).unref();
    timers.add(timer);
    return alike;
  };
  return {
    async record(event) {
      if (!isRefusal(event)) return recorder.record(event);
      const kind = kindOf(event, kinds.size < MOST_KINDS);
      const alike = kinds.get(kind) ?? begin(kind, event);
      alike.seen += 1;
      if (alike.seen <= most) return recorder.record(event);
      alike.more += 1;
      alike.last = event;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...kinds.keys()].map(flush));
      await recorder.close();
    },
  };
}

function isRefusal(event: AuditEvent): event is Refusal {
  return event.type === 'token.refused' || event.type === 'request.refused';
}

function kindOf(event: Refusal, isExact: boolean): string {
  const { type, reason = '', address = '', clientId = '' } = event;
  const what = 'what' in event ? event.what : (event.grantType ?? '');
  return JSON.stringify(isExact ? [type, what, reason, address, clientId] : [type, what]);
}
