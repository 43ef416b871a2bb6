import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { REDIRECT, RS_SECRET } from './clients.ts';
import { PASSWORD } from './gatehouse.ts';
import { freePort } from './ports.ts';
import { cleanEnvironment, collect, gatehouseArgs, runGatehouse, terminate } from './process.ts';

const START_TIMEOUT_MS = 15_000;

export const COOKIE_KEY = 'e2e-cookie-key-9f8e7d6c5b4a-qwertyuiop';
export const STORE_SECRET = 'e2e-store-secret-1a2b3c4d5e-asdfghjkl';

/** Clients of a configuration: an app, and the FHIR server beside it. */
export const SERVED_CLIENTS = `clients:
  - client_id: public-app
    client_name: Public App
    redirect_uris: ['${REDIRECT}']
    scope: openid fhirUser launch/patient offline_access patient/*.rs
  - client_id: fhir-server
    client_name: FHIR server
    token_endpoint_auth_method: client_secret_basic
    client_secret: ${RS_SECRET}
    grant_types: []
    rights: [introspect]
`;

/** A folder with a configuration file and what it needs. */
export interface ServeFolder {
  readonly dir: string;
  readonly config: string;
  readonly port: number;
  readonly managementPort: number;
  readonly issuer: string;
  /** Writes a file into the folder and returns its path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a folder with `config.yaml`; `change` edits the text of a configuration that is good. */
export async function serveFolder(change: (yaml: string) => string = (yaml) => yaml): Promise<ServeFolder> {
  const dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-serve-'));
  const [port, managementPort] = await Promise.all([freePort(), freePort()]);
  const issuer = `http://localhost:${port}`;
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(dir, name);
    await writeFile(file, text);
    return file;
  };
  const config = await write('config.yaml', change(goodConfig(issuer, port, managementPort, dir)));
  const remove = () => rm(dir, { recursive: true, force: true });
  return { dir, config, port, managementPort, issuer, write, remove };
}

function goodConfig(issuer: string, port: number, managementPort: number, dir: string): string {
  return `issuer: ${issuer}
listen: { port: ${port} }
management: { port: ${managementPort} }
store:
  dataDir: ${dir}/data
secrets:
  store: ${STORE_SECRET}
  cookies: [${COOKIE_KEY}]
fhirServers:
  - id: main
    url: http://localhost:3999/fhir
`;
}

/** A running `gatehouse serve`. */
export interface Serve {
  readonly issuer: string;
  readonly management: string;
  readonly pid: number;
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Its exit code, whenever and however it ends. */
  readonly exited: Promise<number | null>;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

/** Starts `gatehouse serve` with these options more and waits until it is ready. */
export async function startServe(
  { dir, config, managementPort, issuer }: ServeFolder,
  env: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
): Promise<Serve> {
  const child = spawn(process.execPath, gatehouseArgs('serve', '--config', config, ...options), {
    env: { ...cleanEnvironment(), DATA_DIR: path.join(dir, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = collect(child);
  const management = `http://127.0.0.1:${env['MANAGEMENT_PORT'] ?? managementPort}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(management))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await terminate(child);
      throw new Error(`serve did not become ready:\n${said.stdout}${said.stderr}`);
    }
    await delay(25);
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const { pid = 0 } = child;
  return {
    exited,
    issuer: env['ISSUER'] ?? issuer,
    management,
    pid,
    said,
    stop: () => terminate(child),
    kill,
  };
}

async function isReady(management: string): Promise<boolean> {
  const response = await fetch(`${management}/health/ready`).catch(() => undefined);
  return response?.status === 200;
}

/** Makes an account for amy, whose record is `Patient/p1`, through the command line; a server may be running. */
export async function addAmy(folder: ServeFolder): Promise<void> {
  const person = [
    '--username',
    'amy',
    '--name',
    'Amy Shaw',
    '--role',
    'patient',
    '--fhir-user',
    'Patient/p1',
  ];
  const file = await folder.write('password', PASSWORD);
  const added = await runGatehouse([
    'user',
    'add',
    ...person,
    '--password-file',
    file,
    '--config',
    folder.config,
  ]);
  if (added.code !== 0) throw new Error(`amy could not be added:\n${added.stderr}`);
}
