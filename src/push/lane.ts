import { setTimeout as delay } from 'node:timers/promises';

import type { KeptRecord } from '../records/index.ts';
import { createPatience, type PatienceParts } from './patience.ts';
import type { Outcome, Outlet, Refusal, SetAside, Track, Waiting } from './ports.ts';

/** So often a server that is away is looked after: what is new is counted meanwhile. */
const LOOK_MS = 1000;

export interface LaneParts extends PatienceParts {
  readonly outlet: Outlet;
}

/** What can be said of one FHIR server at this moment. */
export interface LaneState {
  readonly waiting: number;
  /** When the oldest of these was decided, milliseconds since 1970. */
  readonly oldestAt?: number;
  /** Since this process began. */
  readonly failures: number;
  readonly aside: number;
}

/** The way to one FHIR server; the others are not held up by it. */
export interface Lane {
  readonly server: string;
  readonly track: Track;
  /** Something of this person may wait. */
  add(name: string): void;
  /** Sends what waits, if it is not at it already. */
  wake(): void;
  state(): LaneState;
  /** Ends what is under way; what was not sent waits. */
  stop(): Promise<void>;
}

/**
 * One record after the other, each person's in order. Who cannot be sent goes behind the others, so that one that a server
 * stumbles over holds up nobody else's.
 */
export function createLane(parts: LaneParts): Lane {
  const { server, track, outlet, log, now } = parts;
  const people = new Map<string, readonly Waiting[]>();
  const added = new Set<string>();
  const ending = new AbortController();
  const patience = createPatience(parts);
  let running: Promise<void> | undefined;
  let failures = 0;
  let aside: number | undefined;

  /** @returns whether it was dealt with, one way or the other */
  const deliver = async (record: KeptRecord): Promise<boolean> => {
    const outcome = await outlet.send(record, ending.signal);
    if (outcome.kind === 'sent') await patience.reached();
    else failures += 1;
    if (outcome.kind === 'refused') await refuse(record, outcome);
    if (outcome.kind === 'away') await giveTime(outcome);
    return outcome.kind !== 'away';
  };
  const giveTime = async (outcome: Extract<Outcome, { kind: 'away' }>): Promise<void> => {
    if (!ending.signal.aborted) await patience.lost(outcome.reason, outcome.waitMs);
  };
  const refuse = async (record: KeptRecord, { status, reason }: Refusal): Promise<void> => {
    await patience.reached();
    await track.setAside({ record, status, reason, at: new Date(now()).toISOString() });
    aside = (await track.aside()).length;
    const { identifier, id } = record.consent;
    log.error(
      { server, status, consent: id, reference: identifier[0]?.value },
      'a FHIR server refused the record of a decision; it was set aside: see gatehouse consent push --status',
    );
  };
  const sendFirst = async (name: string, [first, ...rest]: readonly Waiting[]): Promise<void> => {
    if (!first) return void people.delete(name);
    if (!first.record || (await deliver(first.record))) {
      await track.reach(name, first.reaches);
      if (rest.length > 0) people.set(name, rest);
      else people.delete(name);
    } else {
      people.delete(name);
      people.set(name, [first, ...rest]);
    }
  };
  const sendAgain = async (one: SetAside): Promise<void> => {
    const outcome = await outlet.send(one.record, ending.signal);
    if (outcome.kind === 'sent') await track.settle(one);
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
    state: () => stateOf(people, { failures, aside: aside ?? 0 }),
    async stop() {
      ending.abort();
      await running;
    },
  };
}

function stateOf(
  people: ReadonlyMap<string, readonly Waiting[]>,
  counted: Pick<LaneState, 'failures' | 'aside'>,
): LaneState {
  const all = [...people.values()];
  const records = all.flat().flatMap(({ record }) => record ?? []);
  const times = records.map(({ consent }) => Date.parse(consent.dateTime));
  return {
    ...counted,
    waiting: times.length,
    ...(times.length > 0 ? { oldestAt: times.reduce((one, other) => Math.min(one, other)) } : {}),
  };
}
