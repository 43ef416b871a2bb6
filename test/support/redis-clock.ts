import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a real Redis on which its clock looks as if it were `aheadMs` ahead: what it tells, and what it is told. */
export interface RedisClock {
  readonly url: string;
  set(aheadMs: number): void;
  close(): Promise<void>;
}

/** The answer to TIME: seconds and microseconds. */
const TIME_REPLY = /\*2\r\n\$10\r\n(\d{10})\r\n\$\d\r\n(\d{1,6})\r\n/g;
/** The latest time at which a commit may run, in milliseconds of that clock: nothing else that we send looks like it. */
const DEADLINE = /\$13\r\n(\d{13})\r\n/g;

export async function startRedisClock(redisPort: number): Promise<RedisClock> {
  let aheadMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(redisPort, '127.0.0.1');
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        for (const end of [client, redis]) end.destroy();
      });
    }
    client.on('data', (chunk: Buffer) =>
      redis.write(rewritten(chunk, DEADLINE, ([ms = '']) => `$13\r\n${Number(ms) - aheadMs}\r\n`)),
    );
    redis.on('data', (chunk: Buffer) =>
      client.write(rewritten(chunk, TIME_REPLY, (found) => told(found, aheadMs))),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (ms) => void (aheadMs = ms),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function rewritten(chunk: Buffer, pattern: RegExp, by: (found: readonly string[]) => string): Buffer {
  const text = chunk.toString('latin1');
  return Buffer.from(
    text.replace(pattern, (_all, ...found: string[]) => by(found)),
    'latin1',
  );
}

function told([seconds = '', micros = '']: readonly string[], aheadMs: number): string {
  const all = Number(seconds) * 1_000_000 + Number(micros) + aheadMs * 1000;
  const rest = String(all % 1_000_000);
  return `*2\r\n$10\r\n${Math.floor(all / 1_000_000)}\r\n$${rest.length}\r\n${rest}\r\n`;
}
