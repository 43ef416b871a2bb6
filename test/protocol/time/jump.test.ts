import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { UNAVAILABLE, appOf, toldOf, until, untilReady } from '../../support/app.ts';
import {
  SERVED_CLIENTS,
  addAmy,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../../support/serve.ts';

const PRELOAD = pathToFileURL(path.resolve('test/support/clock-shift.mjs')).href;

/** The embedded store has no clock of its own, and no time server is named: nobody knows better. */
describe('a clock that jumps, and that nobody confirms', () => {
  let folder: ServeFolder;
  let running: Serve;
  beforeAll(async () => {
    folder = await serveFolder((yaml) => `${yaml}time: { checkEveryS: 1 }\n${SERVED_CLIENTS}`);
    await addAmy(folder);
    const file = await folder.write('shift', '0');
    running = await startServe(folder, { NODE_OPTIONS: `--import ${PRELOAD}`, TEST_CLOCK_FILE: file });
  });
  afterAll(async () => {
    await running?.stop();
    await folder?.remove();
  });
  const readiness = async (): Promise<string> => (await fetch(`${running.management}/health/ready`)).text();

  test.each([1100, -1100])(
    '[SEC-2] [F17] by %d ms: nothing is issued until three looks saw no other jump',
    async (ms) => {
      const app = appOf(running.issuer);
      const [tokens, code] = [await app.newTokens(), await app.newCode()];
      await folder.write('shift', String(ms));
      await until(
        async () => (await readiness()).includes('was set, and nobody has confirmed'),
        'it was noticed',
      );
      expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
      expect(await app.isActive(tokens.access_token)).toBe(true);
      await untilReady(running.management);
      expect((await app.token(code)).status).toBe(200);
      for (const type of ['clock.wrong', 'clock.right'])
        await until(() => running.said.stdout.includes(`"type":"${type}"`), `the log has ${type}`);
      await folder.write('shift', '0');
      await until(async () => (await readiness()).includes('"DOWN"'), 'it was noticed');
      await untilReady(running.management);
    },
  );
});
