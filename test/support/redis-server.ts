import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from './ports.ts';

const START_TIMEOUT_MS = 5000;
const POLL_MS = 10;
const ATTEMPTS = 3;

export interface RedisOptions {
  /** Write every command to an append-only file before answering; default: nothing reaches the disk. */
  readonly appendOnly?: boolean;
  /** More of what `redis-server` is started with. */
  readonly args?: readonly string[];
}

/** A real `redis-server` of our own on a free loopback port, with its files in a folder of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Where `--appendonly yes` writes. */
  readonly dataDir: string;
  readonly pid: number;
  /** Ends the process at once, as a power cut would, and keeps its files. */
  kill(): Promise<void>;
  /** Starts it again after {@link kill}, on the same port and files. */
  restart(): Promise<void>;
  /** Sends one command, as an operator would, and resolves with the answer. @throws Error when it is refused */
  tell(command: string): Promise<string>;
  /** Ends the process at once and removes its files: one that ends in order may wait for its replicas. */
  stop(): Promise<void>;
}

/** Starts a server and resolves when it answers. */
export function startRedis({ appendOnly = false, args = [] }: RedisOptions = {}): Promise<RedisServer> {
  return startServer((dataDir) => [
    ...['--dir', dataDir, '--save', '', '--appendonly', appendOnly ? 'yes' : 'no', '--appendfsync', 'always'],
    ...args,
  ]);
}

/** Starts a sentinel with these lines of configuration, which it goes on writing. */
export function startSentinel(lines: readonly string[]): Promise<RedisServer> {
  return startServer(async (dataDir) => {
    const file = path.join(dataDir, 'sentinel.conf');
    await writeFile(file, [`dir ${dataDir}`, ...lines, ''].join('\n'));
    return [file, '--sentinel'];
  });
}

async function startServer(
  argsIn: (dataDir: string) => readonly string[] | Promise<readonly string[]>,
): Promise<RedisServer> {
  const dataDir = await mkdtemp(path.join(await fastFolder(), 'gatehouse-redis-'));
  const args = await argsIn(dataDir);
  const start = (port: number): Promise<ChildProcess> => launch(port, args);
  const started = await startOnFreePort(start);
  const { port } = started;
  let { child } = started;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dataDir,
    get pid() {
      return child.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    async restart() {
      child = await start(port);
    },
    tell: (command) => tell(port, command),
    async stop() {
      await end('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const IN_MEMORY = '/dev/shm';
const ENOUGH_BYTES = 1e9;

/** Files survive a killed process there as well, and no other machine on the same disk makes Redis miss its timeout. */
async function fastFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(IN_MEMORY);
    await access(IN_MEMORY, constants.W_OK);
    return bavail * bsize > ENOUGH_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Another process may take the port between our look and Redis' bind; then another one is tried. */
async function startOnFreePort(
  start: (port: number) => Promise<ChildProcess>,
): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { child: await start(port), port };
    } catch (error) {
      if (attempt === ATTEMPTS || (error instanceof Error && error.message.includes('PATH'))) throw error;
    }
  }
}

const running = new Set<ChildProcess>();
// A test that fails at the wrong moment stops nothing; what it started ends with its process all the same.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

async function launch(port: number, given: readonly string[]): Promise<ChildProcess> {
  const args = [...given, '--port', String(port), '--bind', '127.0.0.1'];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'ENOENT'
          ? 'redis-server is not on PATH; these tests need Redis 7 or later'
          : cause.message;
      reject(new Error(reason, { cause }));
    });
    child.once('exit', (code) =>
      reject(new Error(`redis-server ended with code ${String(code)}:\n${output}`)),
    );
  });
  failed.catch(() => undefined);
  try {
    await Promise.race([failed, answers(port)]);
    return child;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await ping(port))) {
    if (Date.now() > deadline) throw new Error(`redis-server on port ${port} does not answer`);
    await delay(POLL_MS);
  }
}

/** Does a server that is ready (and not still loading its files) answer there? */
function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const finish = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.once('data', (reply) => finish(reply.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
  });
}

async function tell(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
  try {
    const [reply] = (await once(socket, 'data')) as [Buffer];
    const text = reply.toString().trim();
    if (text.startsWith('-')) throw new Error(`${command}: ${text}`);
    return text;
  } finally {
    socket.destroy();
  }
}
