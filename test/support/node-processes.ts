import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { ClientRegistrationInput } from '../../src/clients/index.ts';
import { openRedisStore } from '../../src/store/index.ts';
import { appOf, untilReady, type TestApp } from './app.ts';
import { FHIR, STORE_SECRET, addPeople, testVault } from './gatehouse.ts';
import { freePort } from './ports.ts';
import { cleanEnvironment, collect, gatehouseArgs, runGatehouse, terminate, type Ended } from './process.ts';

export interface ServerProcessesOptions {
  readonly clients: readonly ClientRegistrationInput[];
  /** Where the people and everything else are kept. */
  readonly redisUrl: string;
}

/** A `gatehouse serve` of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly management: string;
  readonly app: TestApp;
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number>;
  /** Ends it at once, in the middle of whatever it does. */
  kill(): Promise<void>;
}

/** Several `gatehouse serve` that are one issuer on one Redis, as a balancer has behind it. */
export interface ServerProcesses {
  readonly issuer: string;
  /** The first one is the issuer's own address. */
  start(env?: Readonly<Record<string, string>>): Promise<ServerProcess>;
  /** Runs `gatehouse <args>` beside them. */
  run(...args: string[]): Promise<Ended>;
  /** Ends all of them. */
  remove(): Promise<void>;
}

/** Ten looks of a balancer, on a busy machine. */
const DRAIN_DELAY_S = 1;

export async function serverProcesses({
  clients,
  redisUrl,
}: ServerProcessesOptions): Promise<ServerProcesses> {
  const dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-nodes-'));
  const config = path.join(dir, 'config.yaml');
  const firstPort = await freePort();
  const issuer = `http://localhost:${firstPort}`;
  // JSON is YAML.
  const settings = {
    ...{ issuer, trustProxy: true, clients, listen: { host: '127.0.0.1', drainDelayS: DRAIN_DELAY_S } },
    store: { driver: 'redis', redisUrl, dataDir: path.join(dir, 'data') },
    secrets: { store: STORE_SECRET, cookies: ['test-cookie-key-0123456789-abcdefghijklmnop'] },
    fhirServers: [{ id: 'main', name: 'Test FHIR', url: FHIR }],
    limits: { tokensPerClient: 0, authorizationsPerAddress: 0, failuresPerAddress: 0 },
  };
  await writeFile(config, JSON.stringify(settings));
  const driver = await openRedisStore(redisUrl, () => undefined);
  await addPeople(await testVault(driver));
  await driver.close();
  const started: ChildProcess[] = [];
  return {
    issuer,
    async start(env = {}) {
      const port = started.length === 0 ? firstPort : await freePort();
      const managementPort = await freePort();
      const child = spawn(process.execPath, gatehouseArgs('serve', '--config', config), {
        env: {
          ...cleanEnvironment(),
          ...{ PORT: String(port), MANAGEMENT_PORT: String(managementPort), ...env },
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.push(child);
      const said = collect(child);
      const management = `http://127.0.0.1:${managementPort}`;
      await untilReady(management).catch((cause: unknown) => {
        throw new Error(`serve did not become ready:\n${said.stdout}${said.stderr}`, { cause });
      });
      const url = `http://localhost:${port}`;
      const stop = (): Promise<number> => terminate(child);
      return { url, management, said, app: appOf(issuer, url), stop, kill: () => kill(child) };
    },
    run: (...args) => runGatehouse([...args, '--config', config]),
    async remove() {
      await Promise.all(started.map(kill));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
