import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';
import { listenerOf } from '../../../src/http/index.ts';

const HERE = { host: '127.0.0.1', port: 0 };

async function listening(): Promise<{
  listener: ReturnType<typeof listenerOf>;
  ask: () => Promise<number | undefined>;
}> {
  const listener = listenerOf((_request, response) => void response.end('here'));
  const port = await listener.listen(HERE);
  const ask = async (): Promise<number | undefined> => {
    const [answer] = (await once(get({ ...HERE, port, agent: false }), 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  return { listener, ask };
}

function beBusyFor(ms: number): void {
  for (const end = Date.now() + ms; Date.now() < end;);
}

test('[F20] who came while the process was busy is answered before it stops listening', async () => {
  const { listener, ask } = await listening();
  const closed = listener.close();
  const answers = Array.from({ length: 50 }, () => ask());
  // Now they are connected, and nobody has accepted them.
  await Promise.resolve().then(() => process.nextTick(beBusyFor, 300));
  expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  await closed;
});

test('[F20] as long as others come they are served, until they have gone on for too long', async () => {
  const { listener, ask } = await listening();
  const started = performance.now();
  let tookMs = 0;
  const closed = listener.close().then(() => (tookMs = performance.now() - started));
  while (tookMs === 0) {
    await ask().catch(() => undefined);
    await delay(20);
  }
  await closed;
  expect(tookMs).toBeGreaterThan(500);
  await expect(ask()).rejects.toThrow('ECONNREFUSED');
});
