import { describe, expect, test } from '@jest/globals';

import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, openScreen, submit } from '../../support/flow.ts';
import { DRIVERS, startGatehouse, testStore } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

describe.each(DRIVERS)('the sign-in throttle on %s', (driver) => {
  test('[A073] what one process counted, the next one knows; nobody else is shut out', async () => {
    const store = await testStore(driver);
    const port = await freePort();
    const start = () => startGatehouse(store, { clients: [PUBLIC_APP] }, port);
    let server = await start();
    try {
      const { issuer } = server;
      const screen = await openScreen(issuer, 'login');
      const guess = async (): Promise<number> =>
        (await screen.browser.post(screen.url, { ...screen.fields, username: 'ben', password: 'wrong' }))
          .status;
      for (let turn = 0; turn < 10; turn += 1) expect(await guess()).toBe(422);
      expect(await guess()).toBe(429);
      await server.close();
      server = await start();
      const { response } = await submit(issuer, await openScreen(issuer, 'login'), { username: 'ben' });
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(800);
      expect((await authorize(issuer, { username: 'amy' })).code).not.toBe('');
    } finally {
      await server.close();
      await store.dispose();
    }
  });

  test('[A074] signing in forgets the failures before it', async () => {
    const store = await testStore(driver);
    const server = await startGatehouse(store, { clients: [PUBLIC_APP] });
    try {
      for (let round = 0; round < 2; round += 1) {
        const screen = await openScreen(server.issuer, 'login');
        for (let turn = 0; turn < 9; turn += 1) {
          const fields = { ...screen.fields, username: 'ben', password: 'wrong' };
          expect((await screen.browser.post(screen.url, fields)).status).toBe(422);
        }
        const { response } = await submit(server.issuer, screen, { username: 'ben' });
        expect(response.status).toBe(200);
      }
    } finally {
      await server.close();
      await store.dispose();
    }
  });
});
