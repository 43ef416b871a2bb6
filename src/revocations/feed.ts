import { createRing, type News } from './ring.ts';

/** Nodes keep clients and who is barred in memory; what is read from any of them after this is new. */
const MEMORY_MS = 1000;
/** What is to come so much later is told together. */
const TOGETHER_MS = 100;
const TRY_AGAIN_MS = 100;

/** Hears what the store tells: see the Watcher of store/. */
interface Hears {
  ended(name: string): void;
  missed(): void;
  upTo(moment: number): void;
}

/** Somebody who follows the feed. */
export interface Follower {
  ended(ref: string, cursor: string): void;
  resync(cursor: string): void;
  /** Everything that ended before this moment (`performance.now()`) has been told. */
  upTo(moment: number): void;
  /** Nothing more comes. */
  end(): void;
}

/** The feed of this node. */
export interface RevocationFeed {
  since(cursor: string | undefined): News;
  /** @returns stops it */
  follow(follower: Follower): () => void;
  /** The moment (`performance.now()`) before which everything has been told; -Infinity: nobody knows. */
  completeTo(): number;
  readonly followers: number;
  /** Something changed that no reference stands for: everybody has to forget everything. */
  resync(): void;
  stop(): void;
}

export interface RevocationFeedParts {
  readonly watch: (hears: Hears) => () => void;
  /** What the name of something that ended means: a grant's reference, or something every node keeps in memory. */
  readonly meaningOf: (name: string) => { readonly ref: string } | 'memory' | undefined;
  /** Changes with what every node keeps in memory; `undefined`: the store is not the one we know, or does not answer. */
  readonly revision: () => string | undefined;
  /** Reads anew what this node keeps in memory. Rejects when it cannot. */
  readonly refresh: () => Promise<void>;
}

/**
 * Passes on what ends, and up to when all of it is known. A change of what nodes keep in memory (a client, who is barred)
 * is no ending of a grant: first this node reads it anew, then everybody forgets everything; and once more when no other
 * node can answer from before, since a resource server may have asked one of those meanwhile.
 *
 *     ended ──▶ ring, followers                     upTo ──▶ followers, unless something is being read anew
 *     memory ──▶ read anew ──▶ resync ──1 s──▶ resync        or the store is not the one we know
 *     missed ──▶ resync
 */
export function createRevocationFeed(parts: RevocationFeedParts): RevocationFeed {
  const ring = createRing();
  const followers = new Set<Follower>();
  const later = new Map<number, NodeJS.Timeout>();
  let completeTo = -Infinity;
  let refreshing: Promise<void> | undefined;
  let isStale = false;
  let seen = parts.revision();
  let stopped = false;

  const resync = (): void => {
    ring.resync();
    for (const follower of followers) follower.resync(ring.cursor());
  };
  const resyncLater = (): void => {
    const slot = Math.ceil((performance.now() + MEMORY_MS) / TOGETHER_MS);
    if (later.has(slot)) return;
    const fire = (): void => {
      later.delete(slot);
      resync();
    };
    later.set(slot, setTimeout(fire, slot * TOGETHER_MS - performance.now()).unref());
  };
  const refresh = async (): Promise<void> => {
    while (isStale && !stopped) {
      isStale = false;
      await parts.refresh().catch(async () => {
        isStale = true;
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS).unref());
      });
    }
    seen = parts.revision();
    refreshing = undefined;
    resync();
  };
  const memoryChanged = (): void => {
    isStale = true;
    refreshing ??= refresh();
    resyncLater();
  };
  const unwatch = parts.watch({
    missed: resync,
    ended(name) {
      const meaning = parts.meaningOf(name);
      if (meaning === undefined) return;
      if (meaning === 'memory') {
        memoryChanged();
        return;
      }
      ring.add(meaning.ref);
      for (const follower of followers) follower.ended(meaning.ref, ring.cursor());
    },
    upTo(moment) {
      const revision = parts.revision();
      if (refreshing) return;
      // Found by looking: changed without a word by an older node, or while the store was another one.
      const isOther = revision !== seen;
      seen = revision;
      if (revision === undefined) return;
      if (isOther) {
        resync();
        resyncLater();
      }
      completeTo = moment;
      for (const follower of followers) follower.upTo(moment);
    },
  });
  return {
    since: (cursor) => ring.since(cursor),
    completeTo: () => completeTo,
    resync,
    get followers() {
      return followers.size;
    },
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
    stop() {
      stopped = true;
      unwatch();
      for (const timer of later.values()) clearTimeout(timer);
      for (const follower of [...followers]) follower.end();
    },
  };
}
