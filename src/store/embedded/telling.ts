import type { Watcher } from '../driver.ts';

const LOOK_EVERY_MS = 250;

/** Tells watchers in this process what is ended through its driver. */
export interface Telling {
  tell(name: string): void;
  /** @returns stops it */
  watch(watcher: Watcher): () => void;
  stop(): void;
}

/**
 * All writes of a server's store pass through its one driver, and are told as they are made. What another one writes to the
 * file is not seen, only that it did: then something may have been missed.
 *
 * @param writtenElsewhere changes with every write of another one. @throws when the store cannot tell
 */
export function createTelling(writtenElsewhere: () => unknown): Telling {
  const watchers = new Map<Watcher, NodeJS.Timeout>();
  return {
    tell(name) {
      for (const watcher of watchers.keys()) watcher.ended(name);
    },
    watch(watcher) {
      let seen: unknown;
      const look = (): void => {
        try {
          const now = writtenElsewhere();
          if (now !== seen) watcher.missed();
          seen = now;
          watcher.upTo(performance.now());
        } catch {
          // Closed, or the disk is away: nothing is certain.
        }
      };
      look();
      const looking = setInterval(look, LOOK_EVERY_MS).unref();
      watchers.set(watcher, looking);
      return () => {
        clearInterval(looking);
        watchers.delete(watcher);
      };
    },
    stop() {
      for (const looking of watchers.values()) clearInterval(looking);
      watchers.clear();
    },
  };
}
