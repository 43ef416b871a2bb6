import type { Lane } from './lane.ts';
import type { Marks, PushLog } from './ports.ts';

const TICK_MS = 1000;
const HOUR_MS = 3_600_000;
/** Of so many looks one is whether somebody who is not the sender can become it. */
const CLAIM_EVERY = 5;

export interface SenderParts {
  readonly lanes: readonly Lane[];
  readonly marks: Marks;
  /** Said where it cannot be found out what is new. */
  readonly unseen: string;
  /** Takes what only one process of a machine can have; it is given up with the process. `undefined`: another one has it. */
  readonly claim: () => (() => void) | undefined;
  readonly log: PushLog;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How often it is looked for what is new, milliseconds; default 1000. */
  readonly everyMs?: number;
}

export interface Sender {
  stop(): Promise<void>;
}

/**
 * Of all processes over one archive one sends, as long as it lives; another one takes its place within seconds. What is
 * new is known by marks; everything there is is looked at when a process begins to send, and once an hour, so that no
 * record depends on its mark.
 */
export function startSender({
  lanes,
  marks,
  unseen,
  claim,
  log,
  now,
  everyMs = TICK_MS,
}: SenderParts): Sender {
  let release: (() => void) | undefined;
  let [nextClaim, nextLook] = [0, 0];
  let isStopped = false;
  let working: Promise<void> | undefined;
  const tick = async (): Promise<void> => {
    if (!release && now() >= nextClaim) {
      nextClaim = now() + CLAIM_EVERY * everyMs;
      release = claim();
    }
    if (!release) return;
    if (now() >= nextLook) {
      nextLook = now() + HOUR_MS;
      await lookAtAll(lanes);
    }
    for (const name of await marks.take()) for (const lane of lanes) lane.add(name);
    if (!isStopped) for (const lane of lanes) lane.wake();
  };
  const work = (): void => {
    working ??= tick()
      .catch((error: unknown) => log.error({ err: error }, unseen))
      .finally(() => (working = undefined));
  };
  const timer = setInterval(work, everyMs).unref();
  work();
  return {
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await working;
      await Promise.all(lanes.map((lane) => lane.stop()));
      release?.();
    },
  };
}

async function lookAtAll(lanes: readonly Lane[]): Promise<void> {
  for (const lane of lanes) for await (const name of lane.track.everybody()) lane.add(name);
}
