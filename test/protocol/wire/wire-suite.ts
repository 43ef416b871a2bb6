import { afterAll, beforeAll } from '@jest/globals';

import type { ClientRegistrationInput } from '../../../src/clients/index.ts';
import { createAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import {
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  SECRET,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import { authorize, redeem, type FlowOptions, type TokenAnswer } from '../../support/flow.ts';
import { PASSWORD, type DriverName } from '../../support/gatehouse.ts';
import { gatehouseOn, type Suite } from '../../support/suite.ts';
import { against } from './against.ts';
import type { ExampleName } from './examples.ts';

/** Confidential, with a secret: opened by a clinician in the EHR. */
const GROWTH: ClientRegistrationInput = {
  ...PUBLIC_APP,
  client_id: 'growth-chart-web',
  client_name: 'Growth Chart',
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: SECRET,
};
/** Public and native: opened by a patient. */
const HEALTH: ClientRegistrationInput = {
  ...PUBLIC_APP,
  client_id: 'my-health-ios',
  client_name: 'My Health',
  application_type: 'native',
  redirect_uris: [REDIRECT, 'com.example.health:/cb'],
};
/** Public, in a browser. */
const SPA: ClientRegistrationInput = { ...PUBLIC_APP, client_id: 'spa-demo', client_name: 'Browser app' };
/** Registered for two types, in v1 words. */
const NARROW: ClientRegistrationInput = {
  ...PUBLIC_APP,
  client_id: 'narrow-app',
  client_name: 'Two types',
  scope: 'launch/patient openid fhirUser offline_access patient/Patient.read patient/Observation.read',
};

/** People who are somebody in the FHIR server's data. */
const PEOPLE = [
  { username: 'chloe', name: 'Chloe Shaw', role: 'patient', fhirUser: 'Patient/chloe-shaw' },
  { username: 'carla', name: 'Dr Carla Reyes', role: 'practitioner', fhirUser: 'Practitioner/carla-reyes' },
] as const;

/** A second FHIR server, of which only the address matters. */
export const OTHER_FHIR = 'http://localhost:3998/other';

interface WireSuite extends Suite {
  readonly fhir: TestFhirServer;
  readonly analytics: KeyedClient;
  readonly keyed: KeyedClient;
  /** May ask about tokens with a Bearer token. */
  readonly asker: KeyedClient;
  /** Announces a launch of this app and returns what the browser hands it. */
  launch(clientId: string, context: Readonly<Record<string, unknown>>): Promise<string>;
  /** Through the screens and the token endpoint; the app authenticates as it is registered. */
  token(options: FlowOptions): Promise<TokenAnswer>;
  /** What an answer is in the words of the examples: unlike, and not listed as a deviation. */
  against(example: ExampleName, answer: unknown): string[];
  /** A read of the FHIR server with this token. */
  read(path: string, token: string): Promise<Response>;
}

interface Known {
  readonly fhir: TestFhirServer;
  readonly ehr: KeyedClient;
  readonly analytics: KeyedClient;
  readonly keyed: KeyedClient;
  readonly asker: KeyedClient;
}

/** An EHR, apps of every kind, a backend service and the demo's FHIR server around one Gatehouse. */
export function wireSuite(driver: DriverName = 'embedded'): WireSuite {
  let made: Known | undefined;
  const known = (): Known => {
    if (!made) throw new Error('the parts are there only while tests run');
    return made;
  };
  const suite = gatehouseOn(driver, async (issuer) => {
    made = await parts(issuer);
    const { fhir, ehr, analytics, keyed, asker } = made;
    const clients = [ehr, analytics, keyed, asker].map(({ registration }) => registration);
    return {
      clients: [GROWTH, HEALTH, SPA, NARROW, RESOURCE_SERVER, ...clients],
      fhirServers: [
        { id: 'main', name: 'Test FHIR', url: fhir.base },
        { id: 'other', name: 'Other FHIR', url: OTHER_FHIR, smartVersion: '1.0.0' },
      ],
    };
  });
  beforeAll(async () => {
    await known().fhir.start();
    const accounts = createAccountStore(suite.server.vault);
    for (const person of PEOPLE) await accounts.add(await createAccount(person, PASSWORD));
  });
  afterAll(() => made?.fhir.stop());
  return {
    ...actions(suite, known),
    get server() {
      return suite.server;
    },
    get store() {
      return suite.store;
    },
    get port() {
      return suite.port;
    },
    get fhir() {
      return known().fhir;
    },
    get analytics() {
      return known().analytics;
    },
    get keyed() {
      return known().keyed;
    },
    get asker() {
      return known().asker;
    },
  };
}

async function parts(issuer: string): Promise<Known> {
  const app = { ...PUBLIC_APP, client_id: 'keyed-app' };
  return {
    fhir: await fhirServerFor(issuer),
    ehr: await ehrClient(issuer),
    analytics: await keyedClient('bulk-analytics-01', 'ES384', {
      scope: 'system/Patient.rs system/Group.rs',
    }),
    keyed: await keyedClient('keyed-app', 'RS384', {
      ...app,
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: `${app.scope} system/*.rs`,
    }),
    asker: await keyedClient('introspector', 'ES384', {
      scope: `${issuer}/scopes/introspect`,
      rights: ['introspect'],
    }),
  };
}

function actions(suite: Suite, known: () => Known): Pick<WireSuite, 'launch' | 'token' | 'read' | 'against'> {
  return {
    against: (name, answer) =>
      against(name, answer, {
        ...{ [suite.server.issuer]: '<issuer>', [known().fhir.base]: '<fhir>', [REDIRECT]: '<app>' },
        ...{ [new URL(REDIRECT).origin]: '<origin>', 'carla-reyes': '<practitioner>' },
        ...{ 'amy-shaw-visit-3': '<encounter>', 'amy-shaw': '<patient>', 'chloe-shaw': '<patient>' },
      }),
    async launch(clientId, context) {
      const { issuer } = suite.server;
      const { body } = await backendToken(issuer, known().ehr, `${issuer}/scopes/launch`);
      const launch = { client_id: clientId, iss: known().fhir.base, ...context };
      return (await announce(issuer, body.access_token, launch)).body.launch;
    },
    async token(options) {
      const { issuer } = suite.server;
      const { clientId = 'my-health-ios' } = options;
      const params = { aud: known().fhir.base, ...options.params };
      const authorized = await authorize(issuer, { ...options, clientId, params });
      if (clientId === 'growth-chart-web') return redeem(issuer, authorized, {}, basic(clientId, SECRET));
      return redeem(issuer, authorized, { client_id: clientId });
    },
    read: (path, token) =>
      fetch(`${known().fhir.base}/${path}`, { headers: { authorization: `Bearer ${token}` } }),
  };
}
