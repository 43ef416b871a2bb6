import type { AuditEvent, AuditRecord, AuditSink } from './events.ts';

/** The audit log takes nothing at the moment: what must not happen without its record does not happen. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
}

/** Since when nothing can be kept, and why. */
export interface AuditTrouble {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly reason: string;
  /** So many records of what happened meanwhile wait in memory. */
  readonly held: number;
  /** So many more than there is room for. */
  readonly lost: number;
}

export interface AuditKeeper {
  /**
   * Resolves once the record is on disk; of what has happened anyhow, also when it waits in memory for a disk.
   *
   * @param isNeeded without its record it does not happen
   * @throws AuditUnavailable when it is needed and cannot be kept
   */
  keep(record: AuditRecord, isNeeded: boolean): Promise<void>;
  /** `undefined`: all is well. */
  trouble(): AuditTrouble | undefined;
  close(): Promise<void>;
}

export interface AuditKeeperParts {
  /** Where records are kept for good. */
  readonly sink: AuditSink;
  readonly stamp: (event: AuditEvent) => AuditRecord;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onTrouble: (error: unknown) => void;
  readonly onRecovered: (was: AuditTrouble) => void;
  /** How often a log that takes nothing is tried; default 1000. */
  readonly tryEveryMs?: number;
  /** A disk that takes longer for one record takes none; default 3000. */
  readonly patienceMs?: number;
}

const TRY_EVERY_MS = 1000;
/** Less than a request may take: its answer says why. */
const PATIENCE_MS = 3000;
/** A few megabytes. */
const MOST_HELD = 10_000;

/**
 * Stands before the audit log and knows whether it takes records. While it does not, it is tried once a second and not by
 * each request; what happens all the same (revoking, signing out, introspecting) waits in memory and is written first.
 */
export function createAuditKeeper(parts: AuditKeeperParts): AuditKeeper {
  const { sink, stamp, now, tryEveryMs = TRY_EVERY_MS, patienceMs = PATIENCE_MS } = parts;
  let began: { readonly since: number; readonly error: unknown } | undefined;
  let held: AuditRecord[] = [];
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  const trouble = (): AuditTrouble | undefined =>
    began && { since: began.since, reason: String(began.error), held: held.length, lost };
  const lose = (error: unknown): void => {
    if (!began) parts.onTrouble(error);
    began ??= { since: now(), error };
    timer ??= setTimeout(() => void retry(), tryEveryMs).unref();
  };
  const hold = (record: AuditRecord): void => {
    if (held.length < MOST_HELD) held.push(record);
    else lost += 1;
  };
  const retry = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const was = trouble();
    if (!was) return;
    const since = new Date(was.since).toISOString();
    const resumed = stamp({
      ...{ type: 'audit.resumed', outcome: 'success', since },
      ...{ held: was.held, lost: was.lost },
    });
    try {
      await Promise.all([...held.slice(0, was.held), resumed].map((record) => sink.write(record)));
    } catch (error) {
      lose(error);
      return;
    }
    const late = held.slice(was.held);
    [held, lost, began] = [[], lost - was.lost, undefined];
    parts.onRecovered(was);
    for (const record of late) await keep(record, false);
  };
  /** Those under way: who stops waits to see what becomes of them. */
  const writing = new Set<Promise<void>>();
  const soon = (written: Promise<void>): Promise<void> => {
    const done = inTime(written, patienceMs).finally(() => writing.delete(done));
    writing.add(done);
    return done;
  };
  const keep: AuditKeeper['keep'] = async (record, isNeeded) => {
    if (!began)
      try {
        await soon(sink.write(record));
        return;
      } catch (error) {
        lose(error);
      }
    if (isNeeded) throw new AuditUnavailable('the audit log cannot be written', { cause: began?.error });
    hold(record);
  };
  return {
    keep,
    trouble,
    async close() {
      await Promise.allSettled(writing);
      await inTime(retry(), patienceMs).catch(() => undefined);
      clearTimeout(timer);
      // Whatever else is to be closed does not wait for a disk.
      await inTime(sink.close(), patienceMs).catch(parts.onTrouble);
    },
  };
}

/** What is written after all is there twice, or unneeded; nobody was told that it is there. */
function inTime(written: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`the disk did not answer in ${ms} ms`));
    const timer = setTimeout(late, ms);
    written.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
