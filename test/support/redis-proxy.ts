import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What the way to Redis does to what passes it. */
export type ProxyMode =
  /** Nothing. */
  | { readonly kind: 'pass' }
  /** Commands get through, answers come late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Commands get through and the connection ends before the answer: nobody knows what became of them. */
  | { readonly kind: 'cut-reply' }
  /** Commands wait here, and get through once the mode changes. */
  | { readonly kind: 'hold' }
  /** Nobody gets a connection. */
  | { readonly kind: 'refuse' };

/** A way to Redis that can be disturbed. Stands on a loopback port of its own. */
export interface RedisProxy {
  readonly url: string;
  set(mode: ProxyMode): void;
  /** Disturbs the next command that holds this text, once; commands before and after it pass. */
  onNext(text: string, mode: ProxyMode): Promise<void>;
  close(): Promise<void>;
}

export async function startRedisProxy(redisPort: number): Promise<RedisProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  let trap: { readonly text: string; readonly mode: ProxyMode; readonly sprung: () => void } | undefined;
  const sockets = new Set<Socket>();
  const released = new Set<() => void>();

  const serve = (client: Socket): void => {
    if (mode.kind === 'refuse') {
      client.destroy();
      return;
    }
    const redis = connect(redisPort, '127.0.0.1');
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
    }
    let isCut = false;
    client.on('data', (command: Buffer) => {
      const now = take(command);
      if (now.kind === 'cut-reply') isCut = true;
      if (now.kind === 'hold') released.add(() => redis.write(command));
      else redis.write(command);
    });
    redis.on('data', (reply: Buffer) => {
      if (isCut) client.destroy();
      else if (mode.kind === 'slow') setTimeout(() => client.write(reply), mode.ms);
      else client.write(reply);
    });
  };
  const take = (command: Buffer): ProxyMode => {
    if (!trap || !command.includes(trap.text)) return mode;
    const { mode: once_, sprung } = trap;
    trap = undefined;
    sprung();
    return once_;
  };

  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    set(next) {
      mode = next;
      if (next.kind === 'refuse') for (const socket of sockets) socket.destroy();
      if (next.kind !== 'hold') for (const release of released) release();
      if (next.kind !== 'hold') released.clear();
    },
    onNext: (text, next) => new Promise((resolve) => (trap = { text, mode: next, sprung: resolve })),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
