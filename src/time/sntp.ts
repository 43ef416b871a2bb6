import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { performance } from 'node:perf_hooks';

import type { Sample } from './choose.ts';
import { newQuestion, readReply } from './packet.ts';

export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

/**
 * Asks one server once (RFC 5905 §8, client mode). What it says is told by our monotonic clock: a step of the machine's
 * clock meanwhile changes nothing.
 *
 * @throws Error in words for the operator
 */
export async function askOnce({ host, port }: TimeServer, timeoutMs: number): Promise<Sample> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const { packet, origin } = newQuestion();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Sample>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`does not answer within ${timeoutMs} ms`)), timeoutMs);
      let sent = 0;
      socket.once('error', reject);
      socket.on('message', (message) => {
        const received = performance.now();
        const reply = readReply(message, origin);
        if (reply.ok) resolve(sampleOf(reply.time, sent, received));
        // Anybody can send us what we did not ask for: the true answer may still come.
        else if (reply.code !== 'not-ours') reject(new Error(`${reply.code}: ${reply.detail}`));
      });
      // From now on the system drops what comes from anywhere else.
      socket.connect(port, address, () => {
        sent = performance.now();
        socket.send(packet);
      });
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function sampleOf(
  { receivedMs, sentMs, distanceMs }: { receivedMs: number; sentMs: number; distanceMs: number },
  sent: number,
  received: number,
): Sample {
  const delay = Math.max(0, received - sent - (sentMs - receivedMs));
  return {
    aheadMs: (receivedMs + sentMs) / 2 - (sent + received) / 2,
    distanceMs: distanceMs + delay / 2,
  };
}
