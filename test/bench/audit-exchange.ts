// What the audit log adds to a real code exchange: the whole server in two processes, one with its audit log and one that was
// put together without (see without-audit.ts), each on a Redis database of its own. Counted is the CPU time of the server's
// process, all its threads and the kernel's work for them, while it answers POST /token; the codes are there before.
import { startRedis } from '../support/redis-server.ts';
import { codesOf, inLanes, redeem, type Code, type Target } from './codes.ts';
import { middle, pin, startMeasured } from './process.ts';
import { SCOPES, type TokenOrders } from './token-orders.ts';

const KINDS = ['with', 'without'] as const;
type Kind = (typeof KINDS)[number];

/** Microseconds of CPU for one exchange, each measured so many times. */
export type Seen = Readonly<Record<Kind, number[]>>;

/** Codes are made so many at once, however many are redeemed at once. */
const LANES_OF_CODES = 16;
/** The servers take turns after so many exchanges: whatever else the machine does hits both alike. */
const TURN = 64;
const TURNS = 4;

/** @param lanes so many exchanges at once; measured apart, in each round */
export async function compareExchanges(rounds: number, lanes: readonly number[]): Promise<Seen[]> {
  const redis = await startRedis();
  for (const pid of [redis.pid, process.pid]) pin(pid, 1);
  const targets = {
    with: await start(`${redis.url}/1`),
    without: await start(`${redis.url}/2`, 'without-audit.ts'),
  };
  const seen = lanes.map((): Seen => ({ with: [], without: [] }));
  // The first is to warm up.
  for (let round = -1; round < rounds; round += 1)
    for (const [at, together] of lanes.entries()) {
      const found = await measure(targets, together);
      if (round >= 0) for (const kind of KINDS) seen[at]![kind].push(...found[kind]);
    }
  for (const kind of KINDS) targets[kind].stop();
  await redis.stop();
  return seen;
}

/** What it adds: the middle of what is seen with it, beside the middle without. */
export function ratioOf(seen: Seen): number {
  return middle(seen.with) / middle(seen.without);
}

async function start(redisUrl: string, ...before: readonly string[]): Promise<Target> {
  const orders: TokenOrders = { variant: 'ours', redisUrl, backends: [] };
  return { variant: 'ours', ...(await startMeasured<Target['started']>('token-server.ts', orders, before)) };
}

async function measure(targets: Readonly<Record<Kind, Target>>, lanes: number): Promise<Seen> {
  const codes = { with: await ready(targets.with), without: await ready(targets.without) };
  const seen: Seen = { with: [], without: [] };
  for (let turn = 0; turn < TURNS; turn += 1)
    for (const kind of turn % 2 === 0 ? KINDS : KINDS.toReversed())
      seen[kind].push(await microsOf(targets[kind], codes[kind].splice(0, TURN), lanes));
  return seen;
}

async function ready(target: Target): Promise<Code[]> {
  const codes = await codesOf(target, TURN * TURNS, LANES_OF_CODES, SCOPES.openid);
  // What the codes left behind is not collected at the expense of their exchange.
  await target.usage('collect');
  return codes;
}

async function microsOf(target: Target, codes: readonly Code[], lanes: number): Promise<number> {
  const exchanges = codes.map((code) => async () => {
    const { id_token: idToken } = await redeem(target, code);
    if (idToken === undefined) throw new Error('there was no id token');
  });
  const before = await target.usage();
  await inLanes(lanes, exchanges);
  const after = await target.usage();
  return (after.cpuMicros - before.cpuMicros) / codes.length;
}
