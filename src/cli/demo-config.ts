import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { clientRegistration } from '../clients/index.ts';
import { configSchema, loadConfig, type Config } from '../config/index.ts';
import { demoClients, type DemoClient } from '../demo/index.ts';
import { SENSITIVE_KINDS } from '../smart/index.ts';
import { StoreUnavailable, makeFolder } from '../store/index.ts';

export const DEFAULT_DEMO_DIR = '.data/demo';
const SECRETS_FILE = 'demo-secrets.json';

export interface DemoPorts {
  readonly server: number;
  readonly fhir: number;
  readonly apps: number;
  readonly management: number;
}
export const DEFAULT_PORTS: DemoPorts = { server: 3000, fhir: 3001, apps: 3002, management: 9000 };

export interface DemoSettings {
  readonly dataDir: string;
  /** A configuration of one's own, to which the demo adds its people, apps and FHIR servers. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ports?: DemoPorts;
}

export interface Demo {
  readonly config: Config;
  /** The one that apps use unless they are told otherwise. */
  readonly fhirBaseUrl: string;
  readonly appsBaseUrl: string;
  readonly fhirServerSecret: string;
  readonly ehrKey: JWK;
}

/** The demo's configuration: like any other, but for localhost, with clients and secrets of its own. */
export async function demoConfig(settings: DemoSettings): Promise<Demo> {
  const { dataDir, file } = settings;
  const secrets = await loadOrMakeSecrets(dataDir);
  return file === undefined
    ? usualDemo(settings, secrets)
    : demoWithin(loadConfig({ file, env: settings.env }), settings, secrets);
}

/** A configuration of one's own keeps its addresses, secrets and clients; the demo's clients come beside them. */
function demoWithin(config: Config, { ports = DEFAULT_PORTS }: DemoSettings, secrets: DemoSecrets): Demo {
  const [first] = config.fhirServers;
  if (!first) throw new TypeError('a configuration has at least one FHIR server');
  const { protocol, hostname } = new URL(first.url);
  const appsBaseUrl = `${protocol}//${hostname}:${ports.apps}`;
  const clients = clientsOf(config.issuer, appsBaseUrl, secrets).map((one) => clientRegistration.parse(one));
  return {
    config: {
      ...config,
      clients: [...config.clients, ...clients],
      records: { ...config.records, push: config.fhirServers.map(({ id }) => id) },
    },
    fhirBaseUrl: first.url,
    appsBaseUrl,
    fhirServerSecret: secrets.fhirServer,
    ehrKey: secrets.ehrKey,
  };
}

function clientsOf(issuer: string, appsBaseUrl: string, secrets: DemoSecrets): DemoClient[] {
  return demoClients({
    appsBaseUrl,
    issuer,
    ehrJwks: { keys: [publicHalf(secrets.ehrKey)] },
    backendJwks: { keys: [publicHalf(secrets.backendKey)] },
    fhirServerSecret: secrets.fhirServer,
  });
}

function usualDemo({ dataDir, env, ports = DEFAULT_PORTS }: DemoSettings, secrets: DemoSecrets): Demo {
  const issuer = `http://localhost:${ports.server}`;
  const fhirBaseUrl = `http://localhost:${ports.fhir}/fhir`;
  const appsBaseUrl = `http://localhost:${ports.apps}`;
  const clients = clientsOf(issuer, appsBaseUrl, secrets);
  const redisUrl = env['REDIS_URL'];
  const config = configSchema.parse({
    issuer,
    name: 'Gatehouse Demo',
    listen: { port: ports.server },
    management: { port: ports.management },
    store: { dataDir, ...(redisUrl ? { driver: 'redis', redisUrl } : {}) },
    secrets: { store: secrets.store, cookies: [secrets.cookies] },
    frames: { ancestors: [appsBaseUrl] },
    fhirServers: [
      {
        id: 'demo',
        name: 'Demo Hospital',
        url: fhirBaseUrl,
        representatives: {},
        sensitiveKinds: [...SENSITIVE_KINDS],
      },
    ],
    records: { push: ['demo'] },
    audit: { delivery: [{ id: 'demo', fhirServer: 'demo' }] },
    clients,
    log: { level: env['LOG_LEVEL'] ?? 'warn' },
  });
  return { config, fhirBaseUrl, appsBaseUrl, fhirServerSecret: secrets.fhirServer, ehrKey: secrets.ehrKey };
}

interface DemoSecrets {
  readonly store: string;
  readonly cookies: string;
  readonly fhirServer: string;
  readonly ehrKey: JWK;
  readonly backendKey: JWK;
}

/** Made once and kept beside the store they open, readable by their owner only. Good enough for synthetic data. */
async function loadOrMakeSecrets(dataDir: string): Promise<DemoSecrets> {
  const file = path.join(dataDir, SECRETS_FILE);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DemoSecrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, error);
  }
  const random = (): string => randomBytes(48).toString('base64url');
  const [ehrKey, backendKey] = await Promise.all([newKey('demo-ehr'), newKey('demo-backend')]);
  const secrets = { store: random(), cookies: random(), fhirServer: random(), ehrKey, backendKey };
  try {
    makeFolder(dataDir);
    writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unusable(file, error);
  }
  return secrets;
}

function unusable(file: string, cause: unknown): StoreUnavailable {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreUnavailable(
    `the demo cannot keep its files in ${path.dirname(file)}: ${reason}; choose another folder with --data-dir`,
    {
      cause,
    },
  );
}

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS384', { modulusLength: 2048, extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS384', use: 'sig' };
}

function publicHalf({ kty, n, e, kid, alg, use }: JWK): object {
  return { kty, n, e, kid, alg, use };
}
