import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';

import { openEventStream, type EventStream } from '../../../src/oidc/event-stream.ts';

test('[SEC-09] a reader that does not read is cut, before what waits for it grows', async () => {
  let stream: EventStream | undefined;
  let waiting = (): number => 0;
  const why = new Promise<string>((closed) => {
    const server = createServer((_request, response) => {
      stream = openEventStream(response, (reason) => {
        closed(reason);
        server.close();
      });
      waiting = () => response.writableLength;
    }).listen(0, '127.0.0.1', () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      socket.pause();
      socket.on('error', () => undefined);
    });
  });
  const ended = { reason: '' };
  void why.then((reason) => (ended.reason = reason));
  let most = 0;
  while (ended.reason === '') {
    stream?.send('ended', { grant_ref: 'x'.repeat(1000) }, 'cursor');
    most = Math.max(most, waiting());
    await othersTurn();
  }
  expect(ended.reason).toBe('slow');
  expect(most).toBeLessThan(70_000);
});

test('[REV-05] an event is what the standard says, and the end is told', async () => {
  const server = createServer((_request, response) => {
    const stream = openEventStream(response, () => undefined);
    stream.send('ended', { grant_ref: 'a' }, 'c.1');
    stream.send('alive', { at: 7 });
    stream.end();
    stream.send('alive', { at: 8 });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(await answer.text()).toBe(
    'event: ended\nid: c.1\ndata: {"grant_ref":"a"}\n\nevent: alive\ndata: {"at":7}\n\n',
  );
  expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
  server.close();
});
