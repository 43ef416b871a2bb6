import type { StoreDriver } from '../../src/store/index.ts';
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
import { freePort } from '../support/ports.ts';

/** Clients, accounts and what lets people sign in; the rest is protocol state. */
const OTHERS = /gh:\{(c|a|n)\.[^}]+\}:(client|status|account|login)|throttle|count/;
const BACKGROUND = /\{(epoch|keys)\}/;
export interface Trips {
  readonly protocol: number;
  readonly others: number;
  /** Commands of both, those that go together counted one by one. */
  readonly commands: number;
}

/**
 * How often each flow goes to Redis and back. What is sent before an answer has come is on its way together: a new trip begins
 * with the first question that is sent after an answer.
 */
export async function measureTrips(): Promise<Readonly<Record<string, Trips>>> {
  const store = await testStore('redis');
  const backend = await keyedClient('backend', 'ES384');
  const port = await freePort();
  const asking = await keyedClient('asking-fhir-server', 'ES384', {
    scope: `http://localhost:${port}/scopes/introspect`,
    rights: ['introspect'],
  });
  const clients = [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, backend.registration, asking.registration];
  const [protocol, others] = [createOdometer(), createOdometer()];
  const odometerOf = (names: string): Odometer | undefined =>
    BACKGROUND.test(names) ? undefined : OTHERS.test(names) ? others : protocol;
  const server = await startGatehouse(
    { open: async () => measured(await store.open(), odometerOf) },
    { clients },
    port,
  );
  const { issuer } = server;
  const trips: Record<string, Trips> = {};
  const measure = async <Result>(flow: string, work: () => Promise<Result>): Promise<Result> => {
    protocol.reset();
    others.reset();
    const result = await work();
    trips[flow] = {
      protocol: protocol.trips,
      others: others.trips,
      commands: protocol.commands + others.commands,
    };
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
  const asked = { token: next.access_token };
  await postForm(`${issuer}/introspect`, asked, rs);
  await measure('introspection', () => postForm(`${issuer}/introspect`, asked, rs));
  const own = await postForm(`${issuer}/token`, {
    ...{ grant_type: 'client_credentials', scope: `${issuer}/scopes/introspect` },
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await asking.assertion(`${issuer}/token`),
  });
  const bearer = { authorization: `Bearer ${own.body.access_token}` };
  await postForm(`${issuer}/introspect`, asked, bearer);
  await measure('introspection with a backend token', () => postForm(`${issuer}/introspect`, asked, bearer));
  await server.close();
  await store.dispose();
  return trips;
}

interface Odometer {
  readonly trips: number;
  readonly commands: number;
  reset(): void;
  drive<Result>(call: () => Promise<Result>): Promise<Result>;
}

function createOdometer(): Odometer {
  let [trips, commands] = [0, 0];
  let isAnswered = true;
  return {
    get trips() {
      return trips;
    },
    get commands() {
      return commands;
    },
    reset() {
      [trips, commands, isAnswered] = [0, 0, true];
    },
    async drive(call) {
      commands += 1;
      if (isAnswered) trips += 1;
      isAnswered = false;
      try {
        return await call();
      } finally {
        isAnswered = true;
      }
    },
  };
}

function measured(driver: StoreDriver, odometerOf: (names: string) => Odometer | undefined): StoreDriver {
  return new Proxy(driver, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const odometer = odometerOf(namesIn(args));
        const call = (): Promise<unknown> => Promise.resolve(Reflect.apply(member, target, args));
        return name in CALLS && odometer ? odometer.drive(call) : Reflect.apply(member, target, args);
      };
    },
  });
}

/** What goes to Redis and back once, each time. */
const CALLS = {
  ...{ getMany: 1, lookUp: 1, put: 1, putIfAbsent: 1, take: 1, remove: 1, commit: 1 },
  ...{ addMember: 1, removeMember: 1, count: 1 },
} satisfies Partial<Record<keyof StoreDriver, 1>>;

function namesIn(args: readonly unknown[]): string {
  return JSON.stringify(args, (name, value: unknown) => (name === 'value' ? undefined : value));
}
