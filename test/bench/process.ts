// What the benches share that compare servers: a server in a process of its own, on a core of its own, and its CPU time.
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const CORES = availableParallelism() > 1;

export interface Usage {
  readonly cpuMicros: number;
  readonly heapBytes: number;
}

/** A server that is measured, and what it said when it was ready. */
export interface Measured<Started> {
  readonly started: Started;
  /** What it has used so far. `collect`: after a forced collection. */
  usage(what?: 'usage' | 'collect'): Promise<Usage>;
  stop(): void;
}

/**
 * Starts one of the servers in this folder, with orders that it reads as JSON, on the first core.
 *
 * @param before modules of this folder that are loaded before it
 */
export async function startMeasured<
  Started extends { readonly pid: number; readonly workers?: readonly number[] },
>(file: string, orders: object, before: readonly string[] = []): Promise<Measured<Started>> {
  const child: ChildProcess = fork(path.join(import.meta.dirname, file), [JSON.stringify(orders)], {
    // BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=…" shows where the time goes.
    execArgv: ['--disable-warning=ExperimentalWarning', ...before.flatMap(imported), ...extraOptions()],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [started] = (await once(child, 'message')) as [Started];
  for (const pid of [started.pid, ...(started.workers ?? [])]) pin(pid, 0);
  return {
    started,
    async usage(what = 'usage') {
      const told = once(child, 'message');
      child.send(what);
      const [usage] = (await told) as [Usage];
      return usage;
    },
    stop: () => child.disconnect(),
  };
}

function imported(file: string): string[] {
  return ['--import', pathToFileURL(path.join(import.meta.dirname, file)).href];
}

function extraOptions(): string[] {
  return (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean);
}

/** To a core of its own, all threads of it. */
export function pin(pid: number, core: number): void {
  if (CORES) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}

/** The machine a figure was taken on, and the versions that matter to it. */
export function machine(): Readonly<Record<string, unknown>> {
  const [, redis] = /v=(\S+)/.exec(spawnSync('redis-server', ['--version']).stdout.toString()) ?? [];
  return {
    versions: { ...Object.fromEntries(LIBRARIES.map((name) => [name, versionOf(name)])), redis },
    at: new Date().toISOString(),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
}

const LIBRARIES = ['oidc-provider', 'koa', 'ioredis', 'jose'];

function versionOf(library: string): unknown {
  const file = readFileSync(`node_modules/${library}/package.json`, 'utf8');
  return (JSON.parse(file) as { version?: unknown }).version;
}

/** Keeps the figures, and prints the ratios as the last line. */
export function conclude(bench: string, figures: object, ratios: Readonly<Record<string, number>>): void {
  mkdirSync('bench-results', { recursive: true });
  writeFileSync(
    `bench-results/${bench}.json`,
    `${JSON.stringify({ ...machine(), ...figures, ratios }, null, 2)}\n`,
  );
  process.stdout.write(`${JSON.stringify(ratios)}\n`);
}

export function middle(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;
}
