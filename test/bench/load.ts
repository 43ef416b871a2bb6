import { connect, type Socket } from 'node:net';

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds from when a request was due to its answer. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
  /** Requests a second, evenly; absent: each connection asks again as soon as it has its answer. */
  readonly rate?: number;
  /** The whole request, as bytes. */
  readonly request: (at: number) => Buffer;
  /** Is this answer right? */
  readonly isRight: (answer: string) => boolean;
}

/** Sends requests over connections that stay open, one at a time on each, with as little work of our own as can be. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const lines = await Promise.all(Array.from({ length: options.connections }, () => openLine(options.port)));
  const taken: number[] = [];
  let [sent, failed] = [0, 0];
  const started = performance.now();
  const due = (at: number): number =>
    options.rate === undefined ? performance.now() : started + (at * 1000) / options.rate;
  await Promise.all(
    lines.map(async (line) => {
      for (;;) {
        const at = sent;
        if (at >= options.requests) return;
        sent += 1;
        const from = due(at);
        const early = from - performance.now();
        if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
        if (!options.isRight(await line.ask(options.request(at)))) failed += 1;
        taken.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const line of lines) line.close();
  const sorted = Float64Array.from(taken).sort();
  const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { requests: sent, failed, seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

interface Line {
  ask(request: Buffer): Promise<string>;
  close(): void;
}

const HEAD_END = '\r\n\r\n';

function openLine(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    let [got, answered]: [string, ((text: string) => void) | undefined] = ['', undefined];
    const socket: Socket = connect(port, '127.0.0.1', () => resolve({ ask, close: () => socket.destroy() }));
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.once('error', reject);
    const finish = (text: string): void => {
      got = '';
      answered?.(text);
    };
    socket.on('data', (chunk: string) => {
      got += chunk;
      const head = got.indexOf(HEAD_END);
      if (head < 0) return;
      const length = /content-length: (\d+)/i.exec(got)?.[1];
      if (length !== undefined && got.length >= head + HEAD_END.length + Number(length)) finish(got);
    });
    socket.on('close', () => finish('the connection ended'));
    const ask = (request: Buffer): Promise<string> =>
      new Promise((told) => {
        answered = told;
        socket.write(request);
      });
  });
}
