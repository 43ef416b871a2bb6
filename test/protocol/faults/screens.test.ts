import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';

import { untilReady } from '../../support/app.ts';
import { CookieBrowser } from '../../support/browser.ts';
import {
  arrive,
  authorizeUrl,
  openScreen,
  pkce,
  redeem,
  submit,
  textOf,
  type Arrival,
  type Screen,
} from '../../support/flow.ts';
import { PASSWORD } from '../../support/gatehouse.ts';
import { serverBehindProxy } from '../../support/proxied.ts';

/** The last look at a lost commit begins a second after it was sent. */
const ANSWER_MS = 2000;

describe('Redis goes away while a person is at the screens', () => {
  const stack = serverBehindProxy({
    limits: { authorizationsPerAddress: 0, failuresPerAddress: 0 },
  });

  const isReadable = async (response: Response): Promise<void> => {
    expect([response.status, response.headers.get('content-type')]).toEqual([
      503,
      expect.stringMatching(/^text\/html/),
    ]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(textOf(await response.text())).toMatch(/not working right now/);
  };
  /** Kills Redis, lets the person try, and brings it back. */
  const whileKilled = async (tries: readonly (() => Promise<Response>)[]): Promise<void> => {
    await stack.redis.kill();
    try {
      for (const send of tries) {
        const began = performance.now();
        await isReadable(await send());
        expect(performance.now() - began).toBeLessThan(ANSWER_MS);
      }
    } finally {
      await stack.redis.restart();
    }
    await untilReady(stack.server.managementUrl);
  };

  test.each(['login', 'consent'])(
    '[F01] killed at the %s screen: a page that says so; afterwards the same form goes on from there',
    async (step) => {
      const { issuer } = stack.server;
      const screen = await openScreen(issuer, step);
      const { browser, url, fields } = screen;
      await whileKilled([() => browser.get(url), () => browser.post(url, fields)]);
      expect((await browser.get(url)).status).toBe(200);
      const { html, callback } = await submit(issuer, screen);
      const code = callback?.searchParams.get('code');
      if (step === 'login') expect(textOf(html)).toMatch(/Public App/);
      else expect((await redeem(issuer, { code: code ?? '', verifier: screen.verifier })).status).toBe(200);
    },
  );

  test('[F01] killed before the request begins: the same link works afterwards, and who was signed in still is', async () => {
    const { issuer } = stack.server;
    const browser = new CookieBrowser();
    const { callback } = await submit(issuer, await openScreen(issuer, 'consent', { browser }));
    expect(callback?.searchParams.get('error')).toBeNull();
    const link = authorizeUrl(issuer, {}, pkce().challenge);
    await whileKilled([() => browser.get(link)]);
    const { html, response } = await arrive(issuer, browser, await browser.get(link));
    expect(response.status).toBe(200);
    expect(html).toContain('value="consent"');
  });

  /** The connection ends at the nth command of what was sent, and there is no other until it was answered. */
  const cutAt = async (nth: number, go: () => Promise<Arrival>): Promise<Arrival> => {
    const sprung = stack.proxy.onNext('', { kind: 'cut-reply' }, nth);
    const gone = go();
    const isOver = await Promise.race([gone.then(() => true), sprung.then(() => false)]);
    // What was run is on its way back, or cut: the connection ends with it.
    if (!isOver) await delay(20);
    stack.proxy.set({ kind: isOver ? 'pass' : 'refuse' });
    const arrival = await gone;
    stack.proxy.set({ kind: 'pass' });
    await untilReady(stack.server.managementUrl);
    return arrival;
  };

  /** Sends the form again, or reloads the page the browser had come to. */
  const onceMore = async (screen: Screen, { response, callback }: Arrival): Promise<Arrival> => {
    expect(callback).toBeUndefined();
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    const { browser, url } = screen;
    return response.url === url
      ? submit(stack.server.issuer, screen)
      : arrive(stack.server.issuer, browser, await browser.get(response.url));
  };
  /** Nothing half done stands in the way of the app's next request. */
  const startsAnew = async (browser: CookieBrowser): Promise<void> => {
    const screen = await openScreen(stack.server.issuer, 'consent', { browser });
    const { callback } = await submit(stack.server.issuer, screen);
    const code = callback?.searchParams.get('code') ?? '';
    expect((await redeem(stack.server.issuer, { code, verifier: screen.verifier })).status).toBe(200);
  };

  test.each([
    ['login', 8, ['200 → consent', '503 → consent']],
    // The last step begins by ending the paused request: what is lost after that begins anew, in the app.
    ['consent', 18, ['303 → a code', '503 → 400', '503 → a code']],
  ])(
    '[F01] lost in the middle of the way on from the %s screen, at any of %i commands: 503, and no half grant',
    async (step, commands, outcomes) => {
      const { issuer } = stack.server;
      const person = { username: 'amy', password: PASSWORD };
      const ends = new Set<string>();
      for (let nth = 0; nth < commands; nth += 1) {
        const screen = await openScreen(issuer, step);
        const { browser, url, fields, verifier } = screen;
        const form = step === 'login' ? { ...fields, ...person } : fields;
        const first = await cutAt(nth, async () => arrive(issuer, browser, await browser.post(url, form)));
        const again = first.response.status === 503 ? await onceMore(screen, first) : first;
        const code = again.callback?.searchParams.get('code');
        const page = step === 'login' && again.html.includes('value="consent"');
        ends.add(`${first.response.status} → ${code ? 'a code' : page ? 'consent' : again.response.status}`);
        if (code) expect((await redeem(issuer, { code, verifier })).status).toBe(200);
        else await startsAnew(browser);
      }
      expect(outcomes).toEqual(expect.arrayContaining([...ends]));
      expect(ends).toContain(outcomes.at(-1));
    },
  );
});
