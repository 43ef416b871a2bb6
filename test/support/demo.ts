import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort } from './ports.ts';
import { cleanEnvironment, gatehouseArgs, runGatehouse, terminate, type Ended } from './process.ts';

const START_TIMEOUT_MS = 20_000;

/** A running `gatehouse demo`, as its users have it: a process of its own. */
export interface Demo {
  readonly issuer: string;
  readonly fhir: string;
  readonly apps: string;
  readonly management: string;
  readonly dataDir: string;
  /** Everything it has printed so far. */
  output(): string;
  /** Runs `gatehouse <args> --demo` beside it, on the same store. */
  cli(...args: string[]): Promise<Ended>;
  stop(): Promise<number>;
}

export async function startDemo(env: Record<string, string> = {}): Promise<Demo> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-demo-'));
  const [server, fhir, apps, management] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const ports = [
    '--port',
    server,
    '--fhir-port',
    fhir,
    '--apps-port',
    apps,
    '--management-port',
    management,
  ].map(String);
  const child = spawn(process.execPath, gatehouseArgs('demo', '--data-dir', dataDir, ...ports), {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until(() => printed.includes('is running') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`the demo ended at once:\n${printed}`);
  return {
    issuer: `http://localhost:${server}`,
    fhir: `http://localhost:${fhir}/fhir`,
    apps: `http://localhost:${apps}`,
    management: `http://localhost:${management}`,
    dataDir,
    output: () => printed,
    cli: (...args) => runGatehouse([...args, '--demo', '--data-dir', dataDir], env),
    async stop() {
      const code = await terminate(child);
      await rm(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('the demo did not start');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
