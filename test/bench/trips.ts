import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
} from '../support/clients.ts';
import { authorize, postForm, redeem, refresh } from '../support/flow.ts';
import { startGatehouse, testStore } from '../support/gatehouse.ts';

/** Clients, accounts and what lets people sign in; the rest is protocol state. */
const OTHERS = /gh:\{(c|a|n)\.[^}]+\}:(client|status|account|login)|throttle|count/;
const BACKGROUND = /\{(epoch|keys)\}/;
const QUIET_MS = 60;
/** Sent in the same turn of the loop they are one way there and back. */
const SAME_TRIP_SECONDS = 0.0004;

export interface Trips {
  readonly protocol: number;
  readonly others: number;
}

/** How often each flow goes to Redis and back, counted by Redis itself. */
export async function measureTrips(): Promise<Readonly<Record<string, Trips>>> {
  const store = await testStore('redis');
  const backend = await keyedClient('backend', 'ES384');
  const clients = [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, backend.registration];
  const server = await startGatehouse(store, { clients });
  const { issuer } = server;
  const redis = new Redis(store.redis?.url ?? '');
  const monitor = await redis.monitor();
  let seen: { at: number; text: string }[] = [];
  monitor.on('monitor', (time: string, args: string[], source: string) => {
    if (source !== 'lua') seen.push({ at: Number(time), text: args.join(' ') });
  });
  const trips: Record<string, Trips> = {};
  const measure = async <Result>(flow: string, work: () => Promise<Result>): Promise<Result> => {
    await delay(QUIET_MS);
    seen = [];
    const result = await work();
    await delay(QUIET_MS);
    const all = seen.filter(({ text }) => !BACKGROUND.test(text));
    const count = (isOther: boolean): number =>
      tripsOf(all.filter(({ text }) => OTHERS.test(text) === isOther));
    trips[flow] = { protocol: count(false), others: count(true) };
    return result;
  };
  const launch = () => authorize(issuer).then((code) => redeem(issuer, code));
  await launch();
  const { body } = await measure('launch, from authorize to token', launch);
  const { body: next } = await measure('refresh, public client', () => refresh(issuer, body.refresh_token));
  const secret = basic('secret-app', SECRET);
  const code = await authorize(issuer, { clientId: 'secret-app' });
  const form = {
    grant_type: 'refresh_token',
    refresh_token: (await redeem(issuer, code, {}, secret)).body.refresh_token,
  };
  await measure('refresh, client with a secret', () => postForm(`${issuer}/token`, form, secret));
  await measure('client_credentials', async () =>
    postForm(`${issuer}/token`, {
      ...{ grant_type: 'client_credentials', scope: 'system/Patient.rs' },
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await backend.assertion(`${issuer}/token`),
    }),
  );
  const rs = basic('fhir-server', RS_SECRET);
  await measure('introspection', () => postForm(`${issuer}/introspect`, { token: next.access_token }, rs));
  monitor.disconnect();
  await redis.quit();
  await server.close();
  await store.dispose();
  return trips;
}

function tripsOf(commands: readonly { at: number }[]): number {
  return commands.filter(({ at }, index) => at - (commands[index - 1]?.at ?? 0) > SAME_TRIP_SECONDS).length;
}
