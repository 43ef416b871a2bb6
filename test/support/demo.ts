import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort } from './ports.ts';

const START_TIMEOUT_MS = 20_000;
const MAIN = path.resolve('src/main.ts');
const NODE_ARGS = ['--disable-warning=ExperimentalWarning'];

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
  cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
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
  const child = spawn(process.execPath, [...NODE_ARGS, MAIN, 'demo', '--data-dir', dataDir, ...ports], {
    env: { ...withoutStore(process.env), ...env },
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
    cli: (...args) => runCli([...args, '--demo', '--data-dir', dataDir], env),
    async stop() {
      const code = await end(child);
      await rm(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

/** Runs the command line to its end. */
export async function runCli(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [...NODE_ARGS, MAIN, ...args], {
    env: { ...withoutStore(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)));
  return { code, stdout, stderr };
}

/** The settings of whoever runs the tests must not reach the servers under test. */
function withoutStore(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    REDIS_URL: _redis,
    DATA_DIR: _dir,
    PORT: _port,
    GATEHOUSE_CONFIG: _config,
    NODE_OPTIONS: _node,
    ...rest
  } = env;
  return rest;
}

function end(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  child.kill('SIGTERM');
  return ended;
}

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('the demo did not start');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
