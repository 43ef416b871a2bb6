// One of the servers that `npm run bench -- token` compares: oidc-provider as it comes, with the adapter most people write,
// and the whole of Gatehouse. On both, passwords are hashed next to nothing, nothing is throttled, and the FHIR server
// answers from memory.
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { exportJWK, generateKeyPair } from 'jose';
import { Redis } from 'ioredis';
import { Provider, type ClientMetadata, type Configuration } from 'oidc-provider';
import { pino } from 'pino';

import { createGatehouse } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import { createAccount, verifyPassword } from '../../src/identity/index.ts';
import { createAccountStore, createVault, openKeyRing, openRedisStore } from '../../src/store/index.ts';
import { freePort } from '../support/ports.ts';
import { beMeasured } from './measured-server.ts';
import { cheapHash, unthrottled } from './next-to-nothing.ts';
import { stockAdapter } from './stock.ts';
import { FHIR, PASSWORD, REDIRECT, SCOPES, type TokenOrders } from './token-orders.ts';

const SECRET = 'a store secret for measuring, of no use to anybody';
const COOKIE_KEY = 'only-for-this-bench-0123456789-abcdefghijkl';
const HASH = await cheapHash(PASSWORD);

const orders = JSON.parse(process.argv[2] ?? '') as TokenOrders;
globalThis.fetch = async () =>
  Response.json(
    { resourceType: 'Patient', id: 'p1', name: [{ text: 'Amy Shaw' }], birthDate: '1987-02-20' },
    { headers: { 'content-type': 'application/fhir+json' } },
  );
beMeasured(await (orders.variant === 'stock' ? stock(orders) : ours(orders)));

async function ours({ redisUrl, backends }: TokenOrders): Promise<{ issuer: string }> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const unlimited = {
    tokensPerClient: 0,
    introspectionsPerClient: 0,
    launchesPerEhr: 0,
    authorizationsPerAddress: 0,
    failuresPerAddress: 0,
  };
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'));
  process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const config = configSchema.parse({
    issuer,
    listen: { host: '127.0.0.1', port },
    management: { port: 0 },
    store: { dataDir },
    secrets: { store: SECRET, cookies: [COOKIE_KEY] },
    fhirServers: [{ id: 'main', url: FHIR }],
    limits: unlimited,
    // One person signs in all the time, and what they began before is not to end by that.
    signIn: { maxSessions: 0 },
    clients: [
      {
        client_id: 'public-app',
        client_name: 'Public App',
        redirect_uris: [REDIRECT],
        scope: SCOPES.openid,
      },
      ...backends.map(({ clientId, jwk }) => ({
        client_id: clientId,
        client_name: clientId,
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] },
        scope: 'system/*.rs',
      })),
    ],
  });
  const driver = unthrottled(await openRedisStore(redisUrl, () => undefined));
  const { keys } = await openKeyRing(driver, [Buffer.from(SECRET)]);
  const amy = await createAccount(
    { username: 'amy', name: 'Amy Shaw', role: 'patient', fhirUser: 'Patient/p1' },
    PASSWORD,
  );
  await createAccountStore(createVault(driver, keys)).add({ ...amy, passwordHash: HASH });
  const gatehouse = await createGatehouse({
    ...{ config, driver, log: pino({ level: 'silent' }), auditSinks: [], viewsDir: path.resolve('views') },
  });
  await gatehouse.listen();
  return { issuer };
}

async function stock({ redisUrl, backends }: TokenOrders): Promise<{ issuer: string }> {
  const redis = new Redis(redisUrl);
  await new Promise((resolve) => redis.once('ready', resolve));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, { ...(await configuration(backends)), adapter: stockAdapter(redis) });
  const handle = provider.callback();
  const server = createServer((request, response) => {
    const isOurs = request.url?.startsWith('/interaction/') ?? false;
    void (isOurs ? interact(provider, redis, request, response) : handle(request, response));
  });
  server.listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { issuer };
}

async function configuration(backends: TokenOrders['backends']): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' };
  const app: ClientMetadata = {
    client_id: 'public-app',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    scope: 'openid offline_access',
  };
  return {
    clients: [
      app,
      ...backends.map(({ clientId, jwk, alg }): ClientMetadata => ({
        client_id: clientId,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: alg,
        jwks: { keys: [jwk] as never },
      })),
    ],
    jwks: { keys: [key] },
    cookies: { keys: [COOKIE_KEY] },
    scopes: ['openid', 'offline_access'],
    clientAuthMethods: ['none', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS384', 'ES384'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    findAccount: (_ctx, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => FHIR,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, audience) => ({
          audience,
          scope: `${SCOPES.openid} system/Patient.rs system/Observation.rs`,
          accessTokenFormat: 'opaque',
        }),
      },
    },
  };
}

/** The same two screens as ours: sign in, then consent, in one interaction. */
async function interact(
  provider: Provider,
  redis: Redis,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET') return page(response, 'login');
  const form = new URLSearchParams(await bodyOf(request));
  const at = `bench:signed-in:${details.uid}`;
  if (form.get('step') === 'login') {
    const isRight = await verifyPassword(HASH, form.get('password') ?? '');
    if (!isRight) throw new Error('wrong password');
    await redis.set(at, 'amy', 'EX', 600);
    await fetch(`${FHIR}/Patient/p1`);
    return page(response, 'consent', String(details.params['scope']));
  }
  const accountId = (await redis.get(at)) ?? '';
  const grant = new provider.Grant({ accountId, clientId: String(details.params['client_id']) });
  const scope = form.getAll('scope').join(' ');
  grant.addOIDCScope(scope);
  grant.addResourceScope(FHIR, scope);
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result);
}

function page(response: ServerResponse, step: string, scope = ''): void {
  const boxes = scope
    .split(' ')
    .map((one) => `<input type="checkbox" name="scope" value="${one}" checked>`)
    .join('');
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end(`<form method="post"><input type="hidden" name="step" value="${step}">${boxes}</form>`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
