import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';

import { PUBLIC_APP } from '../../support/clients.ts';
import { gatehouseOn } from '../../support/suite.ts';

/** Longer than the server may take, and much shorter than the 30 seconds in which Node would look by itself. */
const SLOW_MS = 20_000;
const FORM = 'application/x-www-form-urlencoded';

/** Sends these bytes and nothing more; what came back by the time the server had closed the connection. */
function exchange(port: number, sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => (answer += part));
    // A server that refuses may close before it has read all: what it said first counts.
    socket.on('error', (error) => answer === '' && reject(error));
    socket.on('close', () => resolve(answer));
  });
}

function statusOf(answer: string): string {
  return /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? answer;
}

// What is below HTTP does not depend on the store.
describe('requests that are none', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP] }));
  const host = (): string => new URL(suite.server.issuer).host;
  const get = (path: string, ...headers: string[]): string =>
    [`GET ${path} HTTP/1.1`, `Host: ${host()}`, 'Connection: close', ...headers, '', ''].join('\r\n');
  const post = (body: string, ...headers: string[]): string =>
    [`POST /token HTTP/1.1`, `Host: ${host()}`, `Content-Type: ${FORM}`, ...headers, '', body].join('\r\n');
  const goesOn = async (): Promise<void> => {
    expect(statusOf(await exchange(suite.port, get('/jwks')))).toBe('200');
  };

  test('[A062] an address over 16 KiB, and 200 headers that are too much: 431, and the server goes on', async () => {
    const long = get(`/authorize?state=${'s'.repeat(17 * 1024)}`);
    const many = Array.from({ length: 200 }, (_, at) => `X-More-${at}: ${'x'.repeat(100)}`);
    for (const sent of [long, get('/authorize', ...many)])
      expect(statusOf(await exchange(suite.port, sent))).toMatch(/^(414|431)$/);
    await goesOn();
    const short = many.map((header) => header.slice(0, 20));
    expect(statusOf(await exchange(suite.port, get('/jwks', ...short)))).toBe('200');
  });

  test.each([
    ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 40']],
    ['a length that is none', ['Content-Length: 4, 40']],
    ['chunks that are something else', ['Transfer-Encoding: xchunked']],
    ['chunks, hidden by a space', ['Content-Length: 4', 'Transfer-Encoding : chunked']],
    ['chunks in a folded line', ['Content-Length: 4', 'X-Fold: a', ' Transfer-Encoding: chunked']],
  ])('[A195] %s: 400, and nothing behind it is a request of its own', async (_what, headers) => {
    const behind = get('/jwks');
    const answer = await exchange(suite.port, post(`0\r\n\r\n${behind}`, ...headers));
    expect(statusOf(answer)).toBe('400');
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(answer).not.toContain('"keys"');
    await goesOn();
  });

  test('[A195] a header of a megabyte: 431 and the end of the connection; HTTP/2 is not spoken at all', async () => {
    const bomb = get('/jwks', `Cookie: ${'a=b; '.repeat(200_000)}`);
    expect(statusOf(await exchange(suite.port, bomb))).toBe('431');
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    expect(statusOf(await exchange(suite.port, preface))).toMatch(/^(400|505)$/);
    await goesOn();
  });

  test(
    '[A118] headers and bodies that never end: 408 and the end of the connection, while others are served',
    async () => {
      const unfinished = [
        `GET /jwks HTTP/1.1\r\nHost: ${host()}\r\nX-Slow: `,
        post('grant_type=', 'Content-Length: 500'),
        post('5\r\ngrant\r\n', 'Transfer-Encoding: chunked'),
      ];
      const answers = unfinished.map((sent) => exchange(suite.port, sent));
      await goesOn();
      expect((await Promise.all(answers)).map(statusOf)).toEqual(['408', '408', '408']);
      await goesOn();
    },
    SLOW_MS,
  );
});
