import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';

const MAIN = path.resolve('src/main.ts');

/** What a shell says of a process that was killed: here, because it took too long. */
const KILLED = 137;

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The arguments with which Node runs `gatehouse <args>` from its sources. */
export function gatehouseArgs(...args: string[]): string[] {
  return ['--disable-warning=ExperimentalWarning', MAIN, ...args];
}

/** Runs `gatehouse <args>` to its end. */
export function runGatehouse(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return runToEnd(process.execPath, gatehouseArgs(...args), env);
}

/** Runs a program to its end, or kills it; `env` is added to an environment without settings of ours. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeout = 20_000,
): Promise<Ended> {
  const child = spawn(command, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  const said = collect(child);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? (signal === 'SIGKILL' ? KILLED : 1)));
  });
  return { code, ...said };
}

/** What a process has said so far; grows while it runs. */
export function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return said;
}

/** Asks a process of ours to stop, and waits for its exit code, and until all that it said was read. */
export function terminate(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? 1);
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  child.kill('SIGTERM');
  return ended;
}

const SETTINGS =
  /^(ISSUER|HOST|PORT|MANAGEMENT_HOST|MANAGEMENT_PORT|TRUST_PROXY|TRUSTED_PROXIES|FIPS|FHIR_BASE_URL|DATA_DIR|(REDIS_(URL|CLUSTER_NODES|MASTER_PASSWORD|SENTINEL_PASSWORD)|STORE_SECRET(_PREVIOUS)?|COOKIE_KEYS|TLS_CERTIFICATE|TLS_KEY)(_FILE)?|REDIS_(SENTINELS|SENTINEL_USERNAME|SENTINEL_TLS|MASTER_NAME|MASTER_USERNAME)|LOG_LEVEL|GATEHOUSE_CONFIG|NODE_OPTIONS|DEBUG)$/;

/** Each process would read and compile all of our sources anew, which takes longer than what most of them do. */
const COMPILED = path.resolve('node_modules/.cache/gatehouse-tests');

/** The settings of whoever runs the tests must not reach the servers under test. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name));
  return { ...Object.fromEntries(others), NODE_COMPILE_CACHE: COMPILED };
}
