import { setTimeout as delay } from 'node:timers/promises';

import type { Mail, Outbox } from '../identity/index.ts';
import type { SendMail } from './smtp.ts';

export interface OutboxOptions {
  readonly send: SendMail;
  /** Told of each try that failed. `isLast`: the mail is given up. */
  readonly onFailure: (error: unknown, isLast: boolean) => void;
  /** Told of mail that found no place. */
  readonly onDropped: () => void;
  /** How long to wait after each try; one try more than there are waits. Codes are good for ten minutes. */
  readonly waitsMs?: readonly number[];
  /** So much may wait; more is dropped. Default 500. */
  readonly places?: number;
}

export interface ClosableOutbox extends Outbox {
  /** Takes no more, and resolves when what waits has been tried once more, or after so long. */
  close(patienceMs: number): Promise<void>;
}

const WAITS_MS = [1000, 10_000, 60_000];
const PLACES = 500;
const AT_ONCE = 2;

type Write = () => Promise<Mail | undefined>;

/**
 * Mail that waits to be sent, in memory: what a process that is killed had not sent is asked for again. A server that is
 * away is tried again; one that says no for good is not.
 */
export function createOutbox(options: OutboxOptions): ClosableOutbox {
  const { onDropped, places = PLACES } = options;
  const waiting: Write[] = [];
  const underway = new Set<Promise<void>>();
  const closing = new AbortController();
  const next = (): void => {
    const write = underway.size < AT_ONCE ? waiting.shift() : undefined;
    if (!write) return;
    const sending = deliver(write, options, closing.signal).finally(() => {
      underway.delete(sending);
      next();
    });
    underway.add(sending);
    next();
  };
  return {
    post(write) {
      if (closing.signal.aborted || waiting.length >= places) return onDropped();
      waiting.push(write);
      // After the answer to who asked for it.
      setImmediate(next);
    },
    async close(patienceMs) {
      closing.abort();
      const empty = async (): Promise<void> => {
        next();
        while (underway.size > 0) await Promise.all(underway);
      };
      await Promise.race([empty(), delay(patienceMs, undefined, { ref: false })]);
    },
  };
}

async function deliver(write: Write, options: OutboxOptions, closing: AbortSignal): Promise<void> {
  const { onFailure, waitsMs = WAITS_MS } = options;
  const mail = await write().catch((error: unknown) => onFailure(error, true));
  if (!mail) return;
  for (const wait of [...waitsMs, undefined]) {
    const error = await options.send(mail).then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    if (!error) return;
    const isLast = wait === undefined || closing.aborted || isForGood(error.reason);
    onFailure(error.reason, isLast);
    if (isLast) return;
    await delay(wait, undefined, { signal: closing }).catch(() => undefined);
  }
}

/** SMTP says 5xx for what will never be taken. */
function isForGood(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'responseCode' in error ? error.responseCode : undefined;
  return typeof code === 'number' && code >= 500;
}
