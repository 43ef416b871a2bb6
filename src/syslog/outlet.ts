import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

import { framed, syslogMessage, type Batch } from '../delivery/index.ts';
import type { Outlet } from '../push/index.ts';

export interface SyslogReceiver {
  readonly host: string;
  readonly port: number;
  /** Whom to trust instead of the usual authorities, as PEM. */
  readonly certificate?: string | undefined;
  /** What we show, as PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

const TIMEOUT_MS = 10_000;

/**
 * A connection for each batch. Syslog has no answer, and what was written to a connection that breaks may be lost; but who has
 * read our end of the connection has read all that stands before it. So a batch was sent when the receiver, told that
 * nothing follows, has ended the connection without an error; else all of it is sent again.
 *
 * @param from the name of this server in each message
 */
export function createSyslogOutlet(
  receiver: SyslogReceiver,
  from: string,
  timeoutMs = TIMEOUT_MS,
): Outlet<Batch> {
  return {
    async send({ events }, signal) {
      const text = events.map((one) => framed(syslogMessage(one, from))).join('');
      const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const socket = connectTo(receiver);
      try {
        await deliver(socket, text, within);
        return { kind: 'sent' };
      } catch (error) {
        return { kind: 'away', reason: reasonOf(error) };
      } finally {
        socket.destroy();
      }
    },
  };
}

function connectTo({ host, port, certificate, client }: SyslogReceiver): TLSSocket {
  const socket = connect({
    ...{ host, port, servername: host, minVersion: 'TLSv1.2' },
    ...(certificate === undefined ? {} : { ca: certificate }),
    ...(client ? { cert: client.certificate, key: client.key } : {}),
  });
  // Whoever waits hears of it; this one is for errors that come after.
  socket.on('error', () => undefined);
  return socket;
}

async function deliver(socket: TLSSocket, text: string, signal: AbortSignal): Promise<void> {
  await once(socket, 'secureConnect', { signal });
  const closed = once(socket, 'close', { signal });
  // Nobody answers; who reads nothing would never see the end.
  socket.resume();
  await Promise.all([once(socket, 'finish', { signal }), Promise.resolve(socket.end(text))]);
  if (socket.readableEnded) throw new Error('it ended the connection before it had read all');
  await closed;
  if (!socket.readableEnded) throw new Error('the connection broke');
}

function reasonOf(error: unknown): string {
  const { code, message, name } = error as { code?: unknown; message?: unknown; name?: unknown };
  if (name === 'AbortError') return 'it did not take it in time';
  return `${String(message)}${typeof code === 'string' ? ` (${code})` : ''}`;
}
