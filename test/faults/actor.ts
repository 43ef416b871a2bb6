import { setTimeout as delay } from 'node:timers/promises';

import type { TokenAnswer } from '../support/flow.ts';
import { isOpen } from './history.ts';
import type { Random } from './random.ts';
import type { Stack } from './stack.ts';
import type { Speaker, Story } from './story.ts';

/** A little more than what Retry-After says. */
const PATIENCE_MS = 2100;
const BREAK_MS = [0, 150] as const;
/** How often what was answered is shown again when it is old. */
const ONCE_TOO_OFTEN = 0.15;
/** More than Redis may be behind. */
const LATER_MS = 600;
/** Nobody sits through a longer grace. */
const LONGEST_WAIT_MS = 10_000;

/** One concurrent client: what it does next depends on its own decisions and on what it was told. */
export interface Actor {
  readonly speaker: Speaker;
  readonly random: Random;
  /** How many nodes this schedule uses. */
  readonly nodes: number;
  /** How long a refresh can be repeated. */
  readonly graceMs: number;
}

type Step = (actor: Actor, story: Story) => Promise<unknown>;

const node = ({ random, nodes }: Actor): number => random.int(0, nodes);

const redeem: Step = async (actor, story) => {
  const { speaker, random } = actor;
  const send = (): Promise<TokenAnswer> => speaker.redeem(story, node(actor));
  if (random.chance(0.15)) return Promise.all([send(), send()]);
  const answer = await send();
  if (!isOpen(answer) || random.chance(0.3)) return;
  await delay(PATIENCE_MS);
  await send();
};

const refreshAt =
  (back: number, times = 1): Step =>
  (actor, story) => {
    const token = story.chain.at(-1 - back);
    if (token === undefined) return refreshNewest(actor, story);
    return Promise.all(Array.from({ length: times }, () => actor.speaker.refresh(story, token, node(actor))));
  };
const refreshNewest = refreshAt(0);

/** Comes back with what it was not answered for when nobody keeps the answer any more. */
const refreshLate: Step = async (actor, story) => {
  const token = story.chain.at(-1);
  if (token === undefined || actor.graceMs > LONGEST_WAIT_MS) return refreshNewest(actor, story);
  const answer = await actor.speaker.refresh(story, token, node(actor));
  // What was answered is old by then, and ends the grant.
  if (!isOpen(answer) && !actor.random.chance(ONCE_TOO_OFTEN)) return;
  await delay(actor.graceMs + LATER_MS + actor.random.int(...BREAK_MS));
  await actor.speaker.refresh(story, token, node(actor));
};

const introspect: Step = async (actor, story) => {
  if (story.accessTokens.length === 0) return;
  await actor.speaker.introspect(story, actor.random.pick(story.accessTokens), node(actor));
};

const revokeGrant: Step = (actor, story) => {
  const token = story.chain.at(-1);
  return token === undefined ? Promise.resolve() : actor.speaker.revoke(story, token, node(actor));
};

const revokeAccessToken: Step = (actor, story) =>
  actor.speaker.revoke(story, actor.random.pick(story.accessTokens), node(actor));

const narrow: Step = (actor, story) =>
  story.accessTokens.length === 0 ? Promise.resolve() : actor.speaker.narrow(story, node(actor));

/** How often each is done, of the sum. */
const STEPS: readonly (readonly [Step, number])[] = [
  [refreshNewest, 24],
  [refreshLate, 12],
  [refreshAt(0, 2), 12],
  [refreshAt(1), 10],
  [refreshAt(2), 3],
  [introspect, 26],
  [narrow, 4],
  [revokeGrant, 4],
  [revokeAccessToken, 3],
  [redeem, 3],
];
const BAG = STEPS.flatMap(([step, often]) => Array.from({ length: often }, () => step));

export async function play(actor: Actor, story: Story, steps: number): Promise<void> {
  const { random } = actor;
  for (let step = 0; step < steps; step += 1) {
    await delay(random.int(...BREAK_MS));
    await (story.chain.length === 0 ? redeem : random.pick(BAG))(actor, story);
  }
}

/** Shows one assertion two or three times, at once or one after the other. */
export async function playAssertion(actor: Actor, { backend, issuer }: Stack): Promise<void> {
  const { speaker, random } = actor;
  const assertion = await backend.assertion(`${issuer}/token`);
  await delay(random.int(...BREAK_MS));
  const send = (): Promise<TokenAnswer> => speaker.presentAssertion(assertion, node(actor));
  if (random.chance(0.5)) await Promise.all([send(), send(), send()]);
  else for (const _time of [1, 2]) await send();
}

/** A person at the screens, while the store is disturbed. */
export async function playPerson({ speaker, random }: Actor): Promise<void> {
  await delay(random.int(...BREAK_MS));
  await speaker.beginStory();
}
