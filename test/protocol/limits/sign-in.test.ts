import { describe, expect, test } from '@jest/globals';

import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, openScreen, submit } from '../../support/flow.ts';
import { DRIVERS, PASSWORD, startGatehouse, testStore } from '../../support/gatehouse.ts';
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

  test('[A074] [audited] one password tried for many people: after a hundred the address has to wait, whoever is named', async () => {
    const store = await testStore(driver);
    const server = await startGatehouse(store, { clients: [PUBLIC_APP] });
    try {
      const screen = await openScreen(server.issuer, 'login');
      const guess = async (username: string, password = 'Summer2026!'): Promise<number> => {
        const fields = { ...screen.fields, username, password };
        return (await screen.browser.post(screen.url, fields)).status;
      };
      for (let turn = 0; turn < 100; turn += 1) expect(await guess(`person-${turn}`)).toBe(422);
      expect(await guess('person-100')).toBe(429);
      // Also who is right is not let in from there; and the same page at /apps counts with it.
      expect(await guess('amy', PASSWORD)).toBe(429);
      const form = { step: 'sign-in', username: 'amy', password: PASSWORD };
      expect((await screen.browser.post(`${server.issuer}/apps`, form)).status).toBe(429);
      const refused = server.audit.filter(({ type, outcome }) => type === 'sign-in' && outcome === 'refused');
      expect(refused).toHaveLength(100);
      expect(JSON.stringify(refused)).not.toMatch(/person-|Summer/);
    } finally {
      await server.close();
      await store.dispose();
    }
  });

  test('[A073] signing in forgets the failures before it', async () => {
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
