import type { Kind, PushLog, Track } from './ports.ts';

const BACKOFF_MS = [1000, 60_000] as const;

export interface PatienceParts {
  /** The id of the receiver. */
  readonly server: string;
  readonly track: Pick<Track<unknown>, 'note'>;
  readonly words: Pick<Kind<unknown>['words'], 'away' | 'back'>;
  readonly log: PushLog;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What is waited after the first failure, and at most; milliseconds. Default: 1000 and 60 000. */
  readonly backoffMs?: readonly [least: number, most: number];
}

/** How long a server that is away is left alone. It is told of once when that begins, and once when it is over. */
export interface Patience {
  reached(): Promise<void>;
  /** @param waitMs how long the server wants to be left alone */
  lost(reason: string, waitMs?: number): Promise<void>;
  /** Milliseconds until the next try. */
  msLeft(): number;
}

/** Twice as long after each failure in a row, up to the last. */
export function createPatience({
  server,
  track,
  words,
  log,
  now,
  backoffMs: [least, most] = BACKOFF_MS,
}: PatienceParts): Patience {
  let [failures, notBefore] = [0, 0];
  let isNoted: boolean | undefined;
  return {
    msLeft: () => Math.max(0, notBefore - now()),
    async reached() {
      const wasAway = failures > 0;
      failures = 0;
      // A process of before may have noted it.
      if (isNoted !== false) await track.note(undefined);
      isNoted = false;
      if (wasAway) log.info({ server }, words.back);
    },
    async lost(reason, waitMs = 0) {
      const wait = Math.min(most, Math.max(waitMs, least * 2 ** Math.min(failures, 20)));
      notBefore = now() + wait;
      failures += 1;
      if (failures > 1) return;
      log.warn({ server, reason }, words.away);
      isNoted = true;
      await track.note({ since: new Date(now()).toISOString(), reason });
    },
  };
}
