import { setTimeout as delay } from 'node:timers/promises';

import { createPatience, type PatienceParts } from './patience.ts';
import type { Kind, Outcome, Outlet, Refusal, SetAside, Track, Waiting } from './ports.ts';

/** So often a server that is away is looked after: what is new is counted meanwhile. */
const LOOK_MS = 1000;

export interface LaneParts<Item> extends Omit<PatienceParts, 'words'> {
  readonly outlet: Outlet<Item>;
  readonly track: Track<Item>;
  readonly kind: Kind<Item>;
}

/** What can be said of one receiver at this moment. */
export interface LaneState {
  readonly waiting: number;
  /** When the oldest of these came to be, milliseconds since 1970. */
  readonly oldestAt?: number;
  /** Since this process began. */
  readonly failures: number;
  readonly aside: number;
}

/** The way to one receiver; the others are not held up by it. */
export interface Lane<Item = unknown> {
  readonly server: string;
  readonly track: Track<Item>;
  /** Something under this name may wait. */
  add(name: string): void;
  /** Sends what waits, if it is not at it already. */
  wake(): void;
  state(): LaneState;
  /** Ends what is under way; what was not sent waits. */
  stop(): Promise<void>;
}

/** Of each receiver what waits, and for how long, for the metrics. @param now milliseconds since 1970 */
export function statesOf(lanes: readonly Pick<Lane, 'server' | 'state'>[], now: number) {
  return lanes.map(({ server, state }) => {
    const { oldestAt, ...counts } = state();
    const oldestSeconds = oldestAt === undefined ? 0 : Math.max(0, (now - oldestAt) / 1000);
    return { server, oldestSeconds, ...counts };
  });
}

/**
 * One thing after the other, those under one name in order. Who cannot be sent goes behind the others, so that one that a server
 * stumbles over holds up nobody else's.
 */
export function createLane<Item>(parts: LaneParts<Item>): Lane<Item> {
  const { server, track, outlet, kind, log, now } = parts;
  const people = new Map<string, readonly Waiting<Item>[]>();
  const added = new Set<string>();
  const ending = new AbortController();
  const patience = createPatience({ ...parts, words: kind.words });
  let running: Promise<void> | undefined;
  let failures = 0;
  let aside: number | undefined;

  /** @returns whether it was dealt with, one way or the other */
  const deliver = async (record: Item): Promise<boolean> => {
    const outcome = await outlet.send(record, ending.signal);
    if (outcome.kind === 'sent') await patience.reached();
    else failures += 1;
    if (outcome.kind === 'sent') await refuseAll(outcome);
    if (outcome.kind === 'refused') await refuse(record, outcome);
    if (outcome.kind === 'away') await giveTime(outcome);
    return outcome.kind !== 'away';
  };
  const refuseAll = async ({ refused = [] }: Extract<Outcome<Item>, { kind: 'sent' }>): Promise<void> => {
    failures += refused.length;
    for (const { record, ...why } of refused) await refuse(record, why);
  };
  const giveTime = async (outcome: Extract<Outcome, { kind: 'away' }>): Promise<void> => {
    if (!ending.signal.aborted) await patience.lost(outcome.reason, outcome.waitMs);
  };
  const refuse = async (record: Item, { status, reason }: Omit<Refusal, 'kind'>): Promise<void> => {
    await patience.reached();
    await track.setAside({ record, status, reason, at: new Date(now()).toISOString() });
    aside = (await track.aside()).length;
    log.error({ server, status, ...kind.details(record) }, kind.words.refused);
  };
  const sendFirst = async (name: string, [first, ...rest]: readonly Waiting<Item>[]): Promise<void> => {
    if (!first) return void people.delete(name);
    if (!first.record || (await deliver(first.record))) {
      await track.reach(name, first.reaches);
      if (rest.length > 0) people.set(name, rest);
      else {
        people.delete(name);
        // There may be more of it than was read at once.
        added.add(name);
      }
    } else {
      people.delete(name);
      people.set(name, [first, ...rest]);
    }
  };
  const sendAgain = async (one: SetAside<Item>): Promise<void> => {
    const outcome = await outlet.send(one.record, ending.signal);
    const [still] = outcome.kind === 'sent' ? (outcome.refused ?? []) : [];
    if (still) await refuse(one.record, still);
    else if (outcome.kind === 'sent') await track.settle(one);
    if (outcome.kind === 'refused') await refuse(one.record, outcome);
    if (outcome.kind === 'away') await giveTime(outcome);
    aside = (await track.aside()).length;
  };
  const lookAtAdded = async (): Promise<void> => {
    for (const name of added) {
      added.delete(name);
      const waiting = await track.waitingOf(name).catch((error: unknown) => {
        added.add(name);
        throw error;
      });
      if (waiting.length > 0) people.set(name, waiting);
    }
  };
  /** @returns whether there was something to do */
  const step = async (): Promise<boolean> => {
    await lookAtAdded();
    if (patience.msLeft() > 0) {
      await delay(Math.min(LOOK_MS, patience.msLeft()), undefined, { signal: ending.signal });
      return true;
    }
    aside ??= (await track.aside()).length;
    const [again] = await track.askedAgain();
    const [next] = people;
    if (again) await sendAgain(again);
    else if (next) await sendFirst(...next);
    return again !== undefined || next !== undefined;
  };
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        if (!(await step())) return;
      } catch (error) {
        // A disk, most likely: it is given as much time as a server that is away.
        if (!ending.signal.aborted) await patience.lost(String(error)).catch(() => undefined);
      }
    }
  };
  return {
    ...{ server, track },
    add: (name) => void added.add(name),
    wake() {
      running ??= run().finally(() => (running = undefined));
    },
    state: () => stateOf(people, kind, { failures, aside: aside ?? 0 }),
    async stop() {
      ending.abort();
      await running;
    },
  };
}

function stateOf<Item>(
  people: ReadonlyMap<string, readonly Waiting<Item>[]>,
  kind: Kind<Item>,
  counted: Pick<LaneState, 'failures' | 'aside'>,
): LaneState {
  const items = [...people.values()].flat().flatMap(({ record }) => (record === undefined ? [] : [record]));
  const times = items.map((item) => kind.at(item));
  return {
    ...counted,
    waiting: items.reduce((sum, item) => sum + kind.size(item), 0),
    ...(times.length > 0 ? { oldestAt: times.reduce((one, other) => Math.min(one, other)) } : {}),
  };
}
