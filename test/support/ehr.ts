import { beforeAll } from '@jest/globals';

import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  RESOURCE_SERVER,
  SECRET_APP,
  keyedClient,
  type KeyedClient,
} from './clients.ts';
import { postForm, type TokenAnswer } from './flow.ts';
import { FHIR, type DriverName } from './gatehouse.ts';
import { gatehouseOn, type Suite } from './suite.ts';

export interface LaunchAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { launch: string; launch_url: string; error_description: string };
}

/** A client that may launch apps, as an EHR is registered. */
export function ehrClient(issuer: string, clientId = 'ehr'): Promise<KeyedClient> {
  return keyedClient(clientId, 'ES384', { scope: `${issuer}/scopes/launch system/*.rs`, rights: ['launch'] });
}

/** A backend service's token, by a fresh assertion. */
export async function backendToken(
  issuer: string,
  client: KeyedClient,
  scope: string | undefined,
  form: Record<string, string> = {},
): Promise<TokenAnswer> {
  return postForm(`${issuer}/token`, {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: form['client_assertion'] ?? (await client.assertion(`${issuer}/token`)),
    ...(scope === undefined ? {} : { scope }),
    ...form,
  });
}

/** Announces a launch, as an EHR does when somebody opens an app. */
export async function announce(
  issuer: string,
  token: string | undefined,
  launch: Record<string, unknown> | string,
): Promise<LaunchAnswer> {
  const response = await fetch(`${issuer}/launches`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body:
      typeof launch === 'string' ? launch : JSON.stringify({ client_id: 'public-app', iss: FHIR, ...launch }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as LaunchAnswer['body'],
  };
}

export interface EhrSuite extends Suite {
  readonly ehr: KeyedClient;
  /** Registered for the launch scope, but without the right to launch. */
  readonly plain: KeyedClient;
  /** A token the EHR may announce launches with. */
  readonly token: string;
}

/** A server with an EHR, two apps, and two FHIR servers. */
export function ehrSuite(driver: DriverName): EhrSuite {
  let clients: { readonly ehr: KeyedClient; readonly plain: KeyedClient } | undefined;
  let token = '';
  const suite = gatehouseOn(driver, async (issuer) => {
    const ehr = await ehrClient(issuer);
    const plain = await keyedClient('plain', 'ES384', { scope: `${issuer}/scopes/launch` });
    clients = { ehr, plain };
    return {
      clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, ehr.registration, plain.registration],
      fhirServers: [
        { id: 'main', name: 'Test FHIR', url: FHIR },
        { id: 'other', name: 'Other FHIR', url: 'http://localhost:3998/fhir' },
      ],
    };
  });
  beforeAll(async () => {
    const { issuer } = suite.server;
    token = (await backendToken(issuer, known().ehr, `${issuer}/scopes/launch`)).body.access_token;
  });
  const known = () => {
    if (!clients) throw new Error('the clients are there only while tests run');
    return clients;
  };
  return {
    get server() {
      return suite.server;
    },
    get store() {
      return suite.store;
    },
    get port() {
      return suite.port;
    },
    get ehr() {
      return known().ehr;
    },
    get plain() {
      return known().plain;
    },
    get token() {
      return token;
    },
  };
}
