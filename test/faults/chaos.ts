import { setTimeout as delay } from 'node:timers/promises';

import type { History } from './history.ts';
import type { MortalNode } from './mortal.ts';
import type { Random } from './random.ts';
import type { Stack } from './stack.ts';

const PAUSE_MS = [0, 120] as const;
/** What a command is recognised by on its way: a commit's mode, or a part of a key. */
const COMMANDS = ['issue', 'revoke', ':family', ':answer', ':dead', ':used', ':jti'] as const;

type Fault = (stack: Stack, random: Random) => Promise<string>;

/** The worst moment there is: a commit is on its way, and nobody learns for a while what became of it. */
const loseCommit: Fault = async ({ proxy }, random) => {
  const [isLate, ms, lasts] = [random.chance(0.5), random.int(1000, 3500), random.int(900, 1600)];
  const sprung = proxy.onNext('issue', isLate ? { kind: 'late', ms } : { kind: 'cut-reply' });
  const isHit = await Promise.race([sprung.then(() => true), delay(700, false)]);
  if (!isHit) return 'a commit was to be lost, and none came';
  if (isLate) return `a commit arrives ${ms} ms late`;
  await delay(20);
  proxy.set({ kind: 'refuse' });
  await delay(lasts);
  return `the reply to a commit cut, and connections refused for ${lasts} ms`;
};

const FAULTS: readonly Fault[] = [
  loseCommit,
  async ({ proxy }, random) => {
    const [ms, lasts] = [random.int(10, 1500), random.int(50, 900)];
    proxy.set({ kind: 'slow', ms });
    await delay(lasts);
    return `answers ${ms} ms late for ${lasts} ms`;
  },
  async ({ proxy }, random) => {
    const lasts = random.int(5, 400);
    proxy.set({ kind: 'cut-reply' });
    await delay(lasts);
    return `replies cut for ${lasts} ms`;
  },
  async ({ proxy }, random) => {
    const lasts = random.int(20, 900);
    proxy.set({ kind: 'refuse' });
    await delay(lasts);
    return `connections refused for ${lasts} ms`;
  },
  async ({ proxy }, random) => {
    const [lasts, cuts] = [random.int(20, 1500), random.chance(0.5)];
    proxy.set({ kind: 'hold' });
    await delay(lasts);
    if (cuts) proxy.cut();
    return `commands held for ${lasts} ms${cuts ? ', their connections cut' : ''}`;
  },
  async ({ proxy }, random) => {
    const [text, lasts] = [random.pick(COMMANDS), random.int(200, 700)];
    void proxy.onNext(text, { kind: 'cut-reply' });
    await delay(lasts);
    return `within ${lasts} ms: the reply to ${text} cut`;
  },
  async ({ proxy }, random) => {
    const [text, lasts, ms] = [random.pick(COMMANDS), random.int(200, 700), random.int(100, 3000)];
    void proxy.onNext(text, { kind: 'late', ms });
    await delay(lasts);
    return `within ${lasts} ms: connection cut at ${text}, which arrives ${ms} ms late`;
  },
  async ({ redis }, random) => {
    const [lasts, what] = [random.int(50, 900), random.pick(['ALL', 'WRITE'])];
    await redis.tell(`CLIENT PAUSE ${lasts} ${what}`);
    await delay(lasts);
    return `CLIENT PAUSE ${lasts} ${what}`;
  },
  async ({ redis }, random) => {
    const lasts = random.int(50, 900);
    await redis.tell('CONFIG SET maxmemory 1');
    await delay(lasts);
    await redis.tell('CONFIG SET maxmemory 0');
    return `out of memory for ${lasts} ms`;
  },
  async ({ redis }, random) => {
    const lasts = random.int(50, 900);
    // Of nobody: it keeps what it has, and takes no writes.
    await redis.tell('REPLICAOF 127.0.0.1 1');
    await delay(lasts);
    await redis.tell('REPLICAOF NO ONE');
    return `a replica for ${lasts} ms`;
  },
  async ({ redis, proxy }, random) => {
    const [lasts, cuts] = [random.int(50, 950), random.chance(0.3)];
    process.kill(redis.pid, 'SIGSTOP');
    await delay(lasts);
    if (cuts) proxy.cut();
    process.kill(redis.pid, 'SIGCONT');
    return `Redis stopped for ${lasts} ms${cuts ? ', connections cut' : ''}`;
  },
];

/** Where what is written has to be on a replica as well. */
const REPLICA_FAULTS: readonly Fault[] = [
  async ({ replica }, random) => {
    const lasts = random.int(20, 1500);
    if (replica) process.kill(replica.pid, 'SIGSTOP');
    await delay(lasts);
    if (replica) process.kill(replica.pid, 'SIGCONT');
    return `the replica stopped for ${lasts} ms`;
  },
  async ({ redis }) => {
    await redis.tell('CLIENT KILL TYPE replica');
    return 'the replica cut off';
  },
  async ({ replica }, random) => {
    const lasts = random.int(0, 400);
    await replica?.kill();
    await delay(lasts);
    await replica?.restart();
    return `the replica killed, and back empty after ${lasts} ms`;
  },
];
/** How often the next fault is one of those, where there is a replica. */
const REPLICA_SHARE = 0.5;

/** Disturbs the way to Redis again and again until told to stop, and leaves it undisturbed. */
export async function disturb(
  stack: Stack,
  random: Random,
  history: History,
  until: AbortSignal,
): Promise<void> {
  if (random.chance(0.6)) {
    history.note(`fault: ${await loseCommit(stack, random)}, until now`);
    stack.proxy.set({ kind: 'pass' });
  }
  for (let count = random.int(1, 5); count > 0 && !until.aborted; count -= 1) {
    await delay(random.int(...PAUSE_MS));
    const isReplicas = stack.replica !== undefined && random.chance(REPLICA_SHARE);
    const fault = random.pick(isReplicas ? REPLICA_FAULTS : FAULTS);
    history.note(`fault: ${await fault(stack, random)}, until now`);
    stack.proxy.set({ kind: 'pass' });
  }
}

/** Kills a node, when it can be in the middle of a commit of its own or of another node; nobody takes its place. */
export async function killNode(
  { proxy }: Stack,
  mortal: MortalNode,
  random: Random,
  history: History,
): Promise<void> {
  await delay(random.int(0, 300));
  const [text, isCut, ms] = [random.pick(COMMANDS), random.chance(0.5), random.int(0, 4)];
  const sprung = proxy.onNext(text, isCut ? { kind: 'cut-reply' } : { kind: 'pass' });
  const isHit = await Promise.race([sprung.then(() => true), delay(1000, false)]);
  await delay(ms);
  await mortal.kill();
  history.note(`node 1 killed${isHit ? `, ${ms} ms after a ${text}${isCut ? ' without reply' : ''}` : ''}`);
}

/** As a power cut would: it comes back with what it had written. */
export async function powerCut({ redis }: Stack, random: Random, history: History): Promise<void> {
  await delay(random.int(0, 400));
  history.note('Redis killed');
  await redis.kill();
  await delay(random.int(0, 300));
  await redis.restart();
  history.note('Redis back from its append-only file');
}
