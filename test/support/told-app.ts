import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

import type { ClientRegistrationInput } from '../../src/clients/index.ts';
import { until } from './app.ts';
import { PUBLIC_APP } from './clients.ts';

/** An app that is told when somebody signs out. */
export interface ToldApp {
  /** Where it is told. */
  readonly url: string;
  readonly registration: ClientRegistrationInput;
  /** The logout tokens it got, as they came. */
  readonly tokens: string[];
  /** How many requests came, with a token or without. */
  readonly requests: number;
  /** What it does from now on, instead of saying 200. */
  answer(listener: RequestListener | undefined): void;
  /** Waits for so many tokens, checks them as an app should (§2.6), and returns what they say. */
  told(count: number, issuer: string): Promise<readonly JWTPayload[]>;
  forget(): void;
  close(): Promise<void>;
}

export async function startToldApp(
  clientId: string,
  registration: Partial<ClientRegistrationInput> = {},
): Promise<ToldApp> {
  const tokens: string[] = [];
  let requests = 0;
  let special: RequestListener | undefined;
  const server = createServer((request, response) => {
    requests += 1;
    if (special) return special(request, response);
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const token = new URLSearchParams(body).get('logout_token');
      if (request.method === 'POST' && token !== null) tokens.push(token);
      response.writeHead(token === null ? 400 : 200, { 'cache-control': 'no-store' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}/logged-out`;
  return {
    url,
    tokens,
    registration: {
      ...PUBLIC_APP,
      client_id: clientId,
      client_name: clientId,
      backchannel_logout_uri: url,
      ...registration,
    },
    get requests() {
      return requests;
    },
    answer: (listener) => (special = listener),
    async told(count, issuer) {
      await until(() => tokens.length >= count, `${clientId} was told ${count} times`);
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
      const verified = tokens.map((token) =>
        jwtVerify(token, keys, {
          ...{ issuer, audience: clientId, typ: 'logout+jwt', algorithms: ['RS256'] },
          requiredClaims: ['iat', 'exp', 'jti', 'events', 'sub'],
        }),
      );
      return (await Promise.all(verified)).map(({ payload }) => payload);
    },
    forget: () => void tokens.splice(0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
