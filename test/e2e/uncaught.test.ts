import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';

import { appOf } from '../support/app.ts';
import { CookieBrowser } from '../support/browser.ts';
import { openScreen, redeem } from '../support/flow.ts';
import { PASSWORD } from '../support/gatehouse.ts';
import { runGatehouse } from '../support/process.ts';
import { SERVED_CLIENTS, addAmy, serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

const PRELOAD = pathToFileURL(path.resolve('test/support/throw-outside.mjs')).href;

describe('something throws outside of a request', () => {
  let folder: ServeFolder | undefined;
  afterEach(() => folder?.remove());

  test.each(['exception', 'rejection'])(
    '[F23] an unexpected %s: it is said, what is under way ends, the process ends with 1, and the audit log is whole',
    async (kind) => {
      const here = (folder = await serveFolder((yaml) => yaml + SERVED_CLIENTS));
      await addAmy(here);
      const file = path.join(here.dir, 'throw');
      const running = await startServe(here, { NODE_OPTIONS: `--import ${PRELOAD}`, TEST_THROW_FILE: file });
      const before = await appOf(running.issuer).newTokens();
      const login = await openScreen(running.issuer, 'login');
      await here.write('throw', kind);
      // A sign-in takes as long as its hash: it may still be under way when the error comes, and is answered all the same.
      const form = { ...login.fields, username: 'amy', password: PASSWORD };
      const underWay = await login.browser.post(login.url, form).then(({ status }) => status, String);
      expect([303, 'TypeError: fetch failed']).toContain(underWay);

      expect(await running.exited).toBe(1);
      const fatal = running.said.stdout.split('\n').filter((line) => line.includes('"level":60'));
      expect(fatal).toEqual([expect.stringContaining('unexpected error; stopping')]);
      expect(fatal[0]).toContain('thrown by the test, outside of a request');
      expect(running.said.stdout).toContain('"type":"server.stop"');
      const verified = await runGatehouse(['audit', 'verify', '--config', here.config]);
      expect(verified).toMatchObject({ code: 0 });

      // Whoever looks after the process starts it again, and everything is as it was.
      const next = await startServe(here);
      const app = appOf(next.issuer);
      expect((await app.refresh(before.refresh_token)).status).toBe(200);
      const again = await openScreen(next.issuer, 'login', { browser: new CookieBrowser() });
      expect(again.status).toBe(200);
      expect((await redeem(next.issuer, { code: 'gac_none', verifier: 'x'.repeat(43) })).status).toBe(400);
      expect(await next.stop()).toBe(0);
    },
  );
});
