import { setTimeout as delay } from 'node:timers/promises';

import { play, playAssertion, playPerson, type Actor } from './actor.ts';
import { disturb, killNode, powerCut } from './chaos.ts';
import { KNOWN_GAP, violationsOf } from './checks.ts';
import { createHistory, describeHistory, isOpen, type Operation } from './history.ts';
import { orphansOf } from './orphans.ts';
import type { TokenAnswer } from '../support/flow.ts';
import { createRandom } from './random.ts';
import type { Stack, StackKind } from './stack.ts';
import { createSpeaker, type Speaker, type Story } from './story.ts';

/** A process is killed in every 50th schedule: Redis and a node in turn. */
const KILL_EVERY = 50;
/** Prime to the rhythm of the kills, so that both kinds have them. */
const REPLICA_EVERY = 7;
/** How often a story begins with a sign-in; else with the session of who signed in before, which costs less. */
const SIGN_IN = 0.15;
const SETTLED_IN_MS = 15_000;
/** A lost commit is looked for every 250 ms, and a look takes 800 ms at most. */
const UNDO_MS = 1300;
/** When all is calm, so often a client asks again that was told to, and waits so long: a little more than Retry-After. */
const CALM_TRIES = 3;
const PATIENCE_MS = 2100;

export interface ScheduleResult {
  readonly index: number;
  readonly operations: number;
  readonly violations: readonly string[];
  /** What is known to go wrong, and not counted as a violation. */
  readonly gaps: readonly string[];
  /** For people; only when there is something to see. */
  readonly history: string;
}

/** Which stack a schedule is for; its number says it, so that it can be played again. */
export function kindOf(index: number): StackKind {
  return index % REPLICA_EVERY === REPLICA_EVERY - 1 ? 'replica' : 'single';
}

/** Plays one schedule: operations of a few clients while the way to Redis is disturbed, and then the look at it all. */
export async function playSchedule(stack: Stack, seed: number, index: number): Promise<ScheduleResult> {
  const random = createRandom(seed, index);
  const history = createHistory();
  const speaker = createSpeaker(stack, history);
  const isKill = index % KILL_EVERY === KILL_EVERY - 1;
  const mortal = isKill && index % (2 * KILL_EVERY) < KILL_EVERY ? await stack.startMortal() : undefined;
  const nodes = mortal ? 2 : random.pick([1, 2, 2, 3]);
  for (let count = random.int(1, 3); count > 0; count -= 1)
    await speaker.beginStory(random.chance(SIGN_IN) ? undefined : stack.browser);
  stack.setMortal(mortal);
  const actor = (at: number): Actor => ({
    ...{ speaker, nodes, graceMs: stack.graceMs },
    random: createRandom(seed, index, at),
  });
  const quiet = new AbortController();
  const chaosRandom = createRandom(seed, index, 0);
  const chaos = mortal
    ? killNode(stack, mortal, chaosRandom, history)
    : isKill
      ? powerCut(stack, chaosRandom, history)
      : disturb(stack, chaosRandom, history, quiet.signal);
  const begun = [...speaker.stories];
  const actors = begun.flatMap((story) =>
    Array.from({ length: random.int(1, 3) }, () => ({ story, steps: random.int(3, 8) })),
  );
  await Promise.all([
    ...actors.map(({ story, steps }, at) => play(actor(at + 1), story, steps)),
    ...(random.chance(0.4) ? [playAssertion(actor(101), stack)] : []),
    ...(random.chance(0.3) ? [playPerson(actor(102))] : []),
  ]);
  quiet.abort();
  await chaos;
  stack.setMortal(undefined);
  await settle(stack, speaker);
  await lookAtAll(stack, speaker, nodes);
  const found = [...violationsOf(speaker, stack.graceMs), ...(await orphansOf(stack))];
  const violations = found.filter((one) => !one.startsWith(KNOWN_GAP));
  return {
    index,
    operations: history.operations.length,
    violations,
    gaps: found.filter((one) => one.startsWith(KNOWN_GAP)),
    history: violations.length > 0 ? describeHistory(history) : '',
  };
}

/**
 * Well written, so that it is looked for; nobody was ever given it. Introspection has a connection of its own, and revocation
 * goes over the other one.
 */
const NOBODYS = `gat_${'A'.repeat(54)}`;

async function settle(stack: Stack, { history, stories }: Speaker): Promise<void> {
  stack.proxy.set({ kind: 'pass' });
  const deadline = Date.now() + SETTLED_IN_MS;
  for (let good = 0; good < 2 && Date.now() < deadline;) {
    const asked = [0, 1, 2].flatMap((at) => [
      stack.post(at, '/introspect', { token: NOBODYS }),
      stack.post(at, '/revoke', { token: NOBODYS, client_id: 'public-app' }),
    ]);
    good =
      (await Promise.all(asked)).every(({ status }) => status === 200) && (await stack.isSafe())
        ? good + 1
        : 0;
    if (good < 2) await delay(50);
  }
  const { operations } = history;
  const isUnsure = operations.some(({ kind, answer, story, shown }) => {
    if (!isOpen(answer)) return false;
    if (kind === 'redeem') return stories[story]?.chain.length === 0;
    const isSame = (other: Operation): boolean => other.kind === 'refresh' && other.shown === shown;
    return kind === 'refresh' && !operations.some((other) => isSame(other) && !isOpen(other.answer));
  });
  if (isUnsure) await delay(UNDO_MS);
  history.note('settled');
}

/** Asks about everything that anybody was ever given. */
async function lookAtAll(stack: Stack, speaker: Speaker, nodes: number): Promise<void> {
  speaker.calm();
  const { history, stories } = speaker;
  for (const story of stories) {
    const wasAnswered = history.operations.some(
      ({ kind, story: id, answer }) => kind === 'redeem' && id === story.id && !isOpen(answer),
    );
    if (!wasAnswered) await patiently(() => speaker.redeem(story, story.id % nodes));
    const newest = story.chain.at(-1);
    if (newest !== undefined) await patiently(() => speaker.refresh(story, newest, (story.id + 1) % nodes));
  }
  await lookAtTokens(speaker, stories, nodes);
  if (stack.proxy.waiting === 0) return;
  while (stack.proxy.waiting > 0) await delay(20);
  history.note('what was held up on its way has arrived');
  await lookAtTokens(speaker, stories, nodes);
}

async function lookAtTokens(speaker: Speaker, stories: readonly Story[], nodes: number): Promise<void> {
  const asked = stories.flatMap((story) => story.accessTokens.map((token) => ({ story, token })));
  await Promise.all(
    asked.map(({ story, token }, at) => patiently(() => speaker.introspect(story, token, at % nodes))),
  );
  const ofBackend = speaker.history.operations.flatMap(({ kind, answer }) =>
    kind === 'assertion' && answer.status === 200 ? [answer.body.access_token] : [],
  );
  for (const token of ofBackend) await patiently(() => speaker.introspect(undefined, token, 0));
}

/** A machine that is busy with something else may make a request wait too long: then it is asked again, as it was told to. */
async function patiently(ask: () => Promise<TokenAnswer>): Promise<void> {
  for (let tries = 0; tries < CALM_TRIES; tries += 1) {
    if ((await ask()).status !== 503) return;
    await delay(PATIENCE_MS);
  }
}
