import { setTimeout as delay } from 'node:timers/promises';

import { eventsOf } from './event-stream.ts';
import type { Knowledge } from './knowledge.ts';

/** A stream gives a sign of life four times a second; without one for so long it is left for polling. */
const SILENCE_MS = 600;
const POLL_EVERY_MS = 250;
/** After so many polls in vain they come less often. */
const PATIENCE = 8;
const POLL_SELDOM_MS = 1000;
/** How soon a stream is tried again after one that ended: doubled each time, up to the last. */
const STREAM_AGAIN_MS = [250, 5000] as const;
/** A stream is made anew before clocks have drifted apart by what matters. */
const STREAM_FOR_MS = 10 * 60_000;

/** How the feed comes: over a stream, by asking again and again, or not at all. */
export type FeedState = 'stream' | 'poll' | 'none';

export interface RevocationsParts {
  /** Asks the feed; adds the credentials. */
  readonly ask: (options: {
    readonly query?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  }) => Promise<Response>;
  readonly knowledge: Knowledge;
  /** Milliseconds a poll, and the beginning of a stream, may take. */
  readonly timeoutMs: number;
  /** Told why the feed cannot be had; many times while it cannot. */
  readonly onProblem: (detail: string) => void;
}

/** Follows the feed until it is closed. */
export interface Revocations {
  state(): FeedState;
  close(): Promise<void>;
}

/**
 * Follows `GET /revocations`: a poll says whether this node can tell and where to begin, then a stream goes on from there.
 * Where the stream is silent or ends, polls go on until another one can be had; what was told by one way is not missed by
 * the other, since both count in the same cursor.
 *
 *     poll ──fine──▶ stream ──silent, ended──▶ poll …
 *      ▲ │ failed
 *      └─┘ after a while
 */
export function followRevocations(parts: RevocationsParts): Revocations {
  const closing = new AbortController();
  const place: Place = { cursor: '', state: 'none' };
  const running = run(parts, place, closing.signal);
  return {
    state: () => (parts.knowledge.isFresh() ? place.state : 'none'),
    async close() {
      closing.abort();
      parts.knowledge.forget();
      await running;
    },
  };
}

interface Place {
  cursor: string;
  state: FeedState;
}

async function run(parts: RevocationsParts, place: Place, closing: AbortSignal): Promise<void> {
  let [failures, wait, nextStream] = [0, STREAM_AGAIN_MS[0] as number, 0];
  while (!closing.aborted) {
    const began = performance.now();
    const isFine = await attempt(parts, closing, () => poll(parts, place, closing));
    failures = isFine ? 0 : failures + 1;
    if (isFine && performance.now() >= nextStream) {
      const opened = performance.now();
      await attempt(parts, closing, () => stream(parts, place, closing));
      const lasted = performance.now() - opened;
      wait = lasted > STREAM_AGAIN_MS[1] ? STREAM_AGAIN_MS[0] : Math.min(2 * wait, STREAM_AGAIN_MS[1]);
      nextStream = performance.now() + (lasted > STREAM_FOR_MS / 2 ? 0 : wait * (0.75 + Math.random() / 2));
      continue;
    }
    const every = failures > PATIENCE ? POLL_SELDOM_MS : POLL_EVERY_MS;
    const rest = Math.max(0, began + every - performance.now());
    await delay(rest, undefined, { signal: closing }).catch(() => undefined);
  }
}

async function attempt(
  { onProblem }: RevocationsParts,
  closing: AbortSignal,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!closing.aborted)
      onProblem(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return false;
  }
}

async function poll(
  { ask, knowledge, timeoutMs }: RevocationsParts,
  place: Place,
  closing: AbortSignal,
): Promise<void> {
  const asked = performance.now();
  const response = await ask({
    query: `?after=${encodeURIComponent(place.cursor)}`,
    headers: { accept: 'application/json' },
    signal: AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]),
  });
  const news: unknown = await response.json();
  if (response.status !== 200) throw new Error(`the feed of revocations answered ${response.status}`);
  if (!isNews(news)) throw new Error('the feed of revocations sent no answer of its own');
  if (news.resync) knowledge.resync(news.now);
  for (const ref of news.ended) knowledge.ended(ref);
  place.cursor = news.cursor;
  place.state = 'poll';
  // The node answered after it was asked: it knew no less then.
  knowledge.knownTo(asked - news.age_ms);
}

interface News {
  readonly cursor: string;
  readonly ended: readonly string[];
  readonly resync: boolean;
  readonly age_ms: number;
  readonly now: number;
}

function isNews(value: unknown): value is News {
  const news = (value ?? {}) as Partial<Record<keyof News, unknown>>;
  return (
    typeof news.cursor === 'string' &&
    Array.isArray(news.ended) &&
    news.ended.every((ref) => typeof ref === 'string') &&
    typeof news.resync === 'boolean' &&
    typeof news.age_ms === 'number' &&
    typeof news.now === 'number'
  );
}

async function stream(parts: RevocationsParts, place: Place, closing: AbortSignal): Promise<void> {
  const { ask, knowledge, timeoutMs } = parts;
  const leaving = new AbortController();
  const asked = performance.now();
  let silence = setTimeout(() => leaving.abort(), timeoutMs);
  try {
    const response = await ask({
      headers: { accept: 'text/event-stream', 'last-event-id': place.cursor },
      signal: AbortSignal.any([closing, leaving.signal]),
    });
    if (response.status !== 200 || !response.body)
      throw new Error(`the stream of revocations answered ${response.status}`);
    for await (const { event, data, id } of eventsOf(response.body)) {
      const told = JSON.parse(data) as Readonly<Record<string, unknown>>;
      if (event === 'resync') knowledge.resync(numberIn(told, 'now'));
      if (event === 'ended') knowledge.ended(String(told['grant_ref']));
      if (id !== undefined) place.cursor = id;
      if (event !== 'alive') continue;
      clearTimeout(silence);
      silence = setTimeout(() => leaving.abort(), SILENCE_MS);
      place.state = 'stream';
      // Counted from the beginning of the stream, which is after it was asked for. One that comes late is as old as it says.
      knowledge.knownTo(Math.min(asked + numberIn(told, 'at'), performance.now()));
      if (performance.now() - asked > STREAM_FOR_MS) return;
    }
  } finally {
    clearTimeout(silence);
    leaving.abort();
  }
}

function numberIn(told: Readonly<Record<string, unknown>>, member: string): number {
  const value = told[member];
  if (typeof value === 'number') return value;
  throw new Error(`the stream of revocations sent no ${member}`);
}
