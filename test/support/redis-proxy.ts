import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the way to Redis does to what passes it. */
export type ProxyMode =
  /** Nothing. */
  | { readonly kind: 'pass' }
  /** Commands get through, answers come late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Commands get through and the connection ends before the answer: nobody knows what became of them. */
  | { readonly kind: 'cut-reply' }
  /** Commands wait here, and get through once it is `pass`, `slow` or `cut-reply` again, their connection open or not. */
  | { readonly kind: 'hold' }
  /** The connection ends, and the command reaches Redis so much later, when nobody waits for its answer. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Connections end, and nobody gets one. */
  | { readonly kind: 'refuse' };

/** A way to Redis that can be disturbed. Stands on a loopback port of its own. */
export interface RedisProxy {
  readonly url: string;
  set(mode: ProxyMode): void;
  /** How many connections hold up what was to arrive late. */
  readonly waiting: number;
  /** How many connections it has, with those that hold something whose sender is gone. */
  readonly open: number;
  /** Ends every connection; new ones are made as the mode says. */
  cut(): void;
  /** Disturbs the next command that holds this text, once, after letting so many of them pass; other commands pass. */
  onNext(text: string, mode: ProxyMode, skip?: number): Promise<void>;
  close(): Promise<void>;
}

interface Trap {
  readonly text: string;
  readonly mode: ProxyMode;
  readonly sprung: () => void;
  skip: number;
}

export async function startRedisProxy(redisPort: number): Promise<RedisProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  let trap: Trap | undefined;
  let waiting = 0;
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const released = new Set<() => void>();

  const serve = (client: Socket): void => {
    if (mode.kind === 'refuse') {
      client.destroy();
      return;
    }
    const redis = connect(redisPort, '127.0.0.1');
    const held: Buffer[] = [];
    let isCut = false;
    let answered = Promise.resolve();
    clients.add(client);
    client.on('close', () => clients.delete(client));
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        // What is held here has left the client: it reaches Redis though nobody waits for its answer any more.
        if (held.length === 0) redis.destroy();
      });
    }
    const release = (): void => {
      released.delete(release);
      for (const command of held.splice(0)) redis.write(command);
      if (client.destroyed) redis.end();
    };
    client.on('data', (command: Buffer) => {
      const now = take(command);
      if (now.kind === 'cut-reply') isCut = true;
      // Nothing overtakes on one connection.
      if (now.kind === 'hold' || now.kind === 'late' || held.length > 0) held.push(command);
      else redis.write(command);
      if (now.kind === 'hold') released.add(release);
      if (now.kind !== 'late') return;
      client.destroy();
      waiting += 1;
      setTimeout(() => {
        waiting -= 1;
        release();
      }, now.ms);
    });
    redis.on('data', (reply: Buffer) => {
      const late = mode.kind === 'slow' ? delay(mode.ms, undefined, { ref: false }) : Promise.resolve();
      if (isCut) client.destroy();
      else answered = Promise.all([late, answered]).then(() => void client.write(reply));
    });
  };
  const take = (command: Buffer): ProxyMode => {
    if (!trap || !command.includes(trap.text)) return mode;
    if (trap.skip > 0) {
      trap.skip -= 1;
      return mode;
    }
    const { mode: once_, sprung } = trap;
    trap = undefined;
    sprung();
    return once_;
  };

  const cut = (): void => {
    for (const socket of clients) socket.destroy();
  };

  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    set(next) {
      mode = next;
      trap = undefined;
      if (next.kind === 'refuse') cut();
      if (next.kind !== 'hold' && next.kind !== 'refuse') for (const release of released) release();
    },
    cut,
    get open() {
      return sockets.size;
    },
    get waiting() {
      return waiting;
    },
    onNext: (text, next, skip = 0) =>
      new Promise((resolve) => (trap = { text, mode: next, skip, sprung: resolve })),
    async close() {
      for (const release of released) release();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
