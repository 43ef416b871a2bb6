// `npm run bench -- token`: what tokens cost, beside stock oidc-provider on the same Redis doing the same: assertions, code
// exchange, refresh with an id token and without, and a whole launch from authorize to token. CPU time as the server's
// process has it, round after round. Prints a table, writes bench-results/token.json, and ends with one line of JSON.
import { parseArgs } from 'node:util';

import { ASSERTION_TYPE, keyedClient, type KeyedClient } from '../support/clients.ts';
import { startRedis } from '../support/redis-server.ts';
import {
  answerOf,
  codeOf,
  codesOf,
  inLanes,
  redeem,
  times,
  tokensOf,
  type Target,
  type Variant,
} from './codes.ts';
import { conclude, machine, middle, pin, startMeasured } from './process.ts';
import { FHIR, SCOPES, type TokenOrders } from './token-orders.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    size: { type: 'string', default: '200' },
    flows: { type: 'string', default: '.' },
  },
});
const [ROUNDS, SIZE] = [Number(values.rounds), Number(values.size)];
const AT_ONCE = 16;

const redis = await startRedis();
pin(redis.pid, 1);
pin(process.pid, 1);
const backends = {
  RS384: await keyedClient('backend-rs384', 'RS384'),
  ES384: await keyedClient('backend-es384', 'ES384'),
};

/** A flow: makes ready what is not counted, and gives what is counted, one call each. */
const FLOWS: Readonly<Record<string, (target: Target) => Promise<readonly (() => Promise<unknown>)[]>>> = {
  client_credentials_rs384: (target) => assertions(target, backends.RS384),
  client_credentials_es384: (target) => assertions(target, backends.ES384),
  code: async (target) =>
    (await codesOf(target, SIZE, AT_ONCE, SCOPES.openid)).map((code) => () => redeem(target, code)),
  refresh_openid: (target) => refreshes(target, SCOPES.openid),
  refresh: (target) => refreshes(target, SCOPES.plain),
  launch: async (target) =>
    times(SIZE, () => async () => redeem(target, await codeOf(target, SCOPES.openid))),
};

const targets: Target[] = [];
for (const [database, variant] of (['stock', 'ours'] as const).entries()) {
  const orders: TokenOrders = {
    variant,
    redisUrl: `${redis.url}/${database + 1}`,
    backends: (['RS384', 'ES384'] as const).map((alg) => ({
      ...{ alg, clientId: `backend-${alg.toLowerCase()}` },
      jwk: backends[alg].registration.jwks!.keys[0]!,
    })),
  };
  targets.push({ variant, ...(await startMeasured<Target['started']>('token-server.ts', orders)) });
}
const figures: Record<string, unknown> = { ...machine(), rounds: ROUNDS, size: SIZE, atOnce: AT_ONCE };
const ratios: Record<string, number> = {};
const chosen = new RegExp(values.flows);
for (const flow of Object.keys(FLOWS).filter((name) => chosen.test(name))) await compare(flow);
for (const target of targets) target.stop();
await redis.stop();
conclude('token', figures, ratios);

async function compare(flow: string): Promise<void> {
  const rounds: Record<Variant, number>[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const micros: Partial<Record<Variant, number>> = {};
    for (const target of targets) micros[target.variant] = await shoot(flow, target);
    // The first is to warm up.
    if (round >= 0) rounds.push(micros as Record<Variant, number>);
  }
  const [stock, ours] = [middle(rounds.map((one) => one.stock)), middle(rounds.map((one) => one.ours))];
  const ratio = middle(rounds.map((one) => one.ours / one.stock));
  ratios[`${flow}_cpu_vs_stock`] = Number(ratio.toFixed(3));
  figures[flow] = { stock: Math.round(stock), ours: Math.round(ours) };
  process.stdout.write(
    `${flow.padEnd(26)} stock ${Math.round(stock)} µs CPU, ours ${Math.round(ours)} µs, ours is ${ratio.toFixed(2)} of stock\n`,
  );
}

/** Microseconds of CPU for one. */
async function shoot(flow: string, target: Target): Promise<number> {
  const calls = await FLOWS[flow]!(target);
  const before = await target.usage();
  await inLanes(AT_ONCE, calls);
  const after = await target.usage();
  return (after.cpuMicros - before.cpuMicros) / calls.length;
}

/** Chains, each refreshed again and again. */
async function refreshes(target: Target, scope: string): Promise<readonly (() => Promise<unknown>)[]> {
  const codes = await codesOf(target, AT_ONCE, AT_ONCE, scope);
  const chains = await Promise.all(codes.map((code) => redeem(target, code)));
  const each = Math.ceil((2 * SIZE) / AT_ONCE);
  const newest = chains.map((first) => Promise.resolve(first));
  // Round after round over all chains, so that as many are under way as in the other flows.
  return times(each, () => 0).flatMap(() =>
    newest.map((_first, chain) => () => {
      newest[chain] = newest[chain]!.then(({ refresh_token }) =>
        tokensOf(target, { grant_type: 'refresh_token', client_id: 'public-app', refresh_token }),
      );
      return newest[chain];
    }),
  );
}

async function assertions(target: Target, client: KeyedClient): Promise<readonly (() => Promise<unknown>)[]> {
  const audience = `${target.started.issuer}/token`;
  const signed = await Promise.all(times(2 * SIZE, () => client.assertion(audience)));
  return signed.map(
    (client_assertion) => () =>
      answerOf(target, {
        ...{ grant_type: 'client_credentials', scope: 'system/Patient.rs system/Observation.rs' },
        ...{ client_assertion, client_assertion_type: ASSERTION_TYPE },
        ...(target.variant === 'stock' ? { resource: FHIR } : {}),
      }),
  );
}
