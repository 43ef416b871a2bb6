import { oneAtATime } from '../oauth/index.ts';
import type { StoreDriver } from './driver.ts';

const LOOK_EVERY_MS = 30_000;

export interface ConcernWatchParts {
  readonly driver: Pick<StoreDriver, 'concerns'>;
  readonly onConcern: (concern: string) => void;
  readonly onGone: (concern: string) => void;
  /** Default 30 s. */
  readonly everyMs?: number;
}

/** Whether the store is still as safe as it was at the start: an operator can change a Redis while we run (F08). */
export interface ConcernWatch {
  /** Rejects with every concern of the last look; resolves when there was none. */
  check(): Promise<void>;
  stop(): void;
}

/** Looks at {@link StoreDriver.concerns} again and again, and tells what appears and what goes. */
export function watchConcerns({ driver, onConcern, onGone, everyMs }: ConcernWatchParts): ConcernWatch {
  let known: readonly string[] = [];
  // Two looks at once would each tell what is new to both.
  const look = oneAtATime(async () => {
    const [before, now] = [known, await driver.concerns()];
    known = now;
    for (const concern of now) if (!before.includes(concern)) onConcern(concern);
    for (const concern of before) if (!now.includes(concern)) onGone(concern);
  });
  const watcher = setInterval(() => {
    // A store that does not answer is the business of another check; what was known of it stays.
    look().catch(() => undefined);
  }, everyMs ?? LOOK_EVERY_MS).unref();
  return {
    check: async () => {
      if (known.length > 0) throw new Error(known.join('; '));
    },
    stop: () => clearInterval(watcher),
  };
}
