import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

import { isOurs, type ToWorker } from './worker-messages.ts';

/** Longer than a worker takes to end what is under way. */
const STOP_MS = 30_000;
/** After one has ended by itself; doubled while none becomes ready, up to the last. */
const AGAIN_MS = [1000, 30_000] as const;
/** So many in a row that never became ready while no other is, and it is no accident. */
const MOST_FAILURES = 5;

/** The processes that serve. */
export interface Crew {
  all(): readonly Worker[];
  /** Starts one; the port it listens on, or `undefined` when it ended before it did. */
  start(number: number): Promise<number | undefined>;
  /** Calls `tell` when one after the other ends before it is ready. */
  onHopeless(tell: () => void): void;
  stop(): Promise<void>;
}

export function createCrew(log: Pick<Logger, 'warn' | 'error'>): Crew {
  const running = new Map<number, Worker>();
  const ready = new Set<Worker>();
  let [isStopping, failures] = [false, 0];
  let hopeless = (): void => undefined;
  const replace = async (number: number, how: object): Promise<void> => {
    running.delete(number);
    if (isStopping) return;
    log.error({ worker: number, ...how }, 'a worker has ended; another one takes its place');
    if (failures >= MOST_FAILURES && ready.size === 0) hopeless();
    const [least, most] = AGAIN_MS;
    await delay(Math.min(most, least * 2 ** Math.max(0, failures - 1)));
    if (!isStopping) await start(number, true);
  };
  const start = async (number: number, isReplacement = false): Promise<number | undefined> => {
    const worker = cluster.fork({ GATEHOUSE_WORKER: String(number) });
    running.set(number, worker);
    const port = await readyPort(worker);
    if (port === undefined) {
      failures += 1;
      if (number === 1 && !isReplacement) running.delete(number);
      else void replace(number, {});
      return undefined;
    }
    failures = 0;
    ready.add(worker);
    worker.once('exit', (code: number, signal: string | null) => {
      ready.delete(worker);
      void replace(number, { code, signal });
    });
    return port;
  };
  return {
    all: () => [...running.values()],
    start,
    onHopeless: (tell) => void (hopeless = tell),
    async stop() {
      isStopping = true;
      await Promise.all([...running.values()].map(stopOne));
    },
  };
}

/** The port a worker listens on; `undefined`: it ended before. */
function readyPort(worker: Worker): Promise<number | undefined> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve(undefined));
    worker.on('message', (message: unknown) => {
      if (isOurs(message) && message.gatehouse === 'ready') resolve((message as { port: number }).port);
    });
  });
}

async function stopOne(worker: Worker): Promise<void> {
  if (worker.isDead()) return;
  const exited = once(worker, 'exit');
  tell(worker, { gatehouse: 'stop' });
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

export function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}
