import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';

import { appOf, untilReady } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const KEYS = 'gh:{keys}:signing';
/** Longer than from one look at the keys to the next. */
const LOOKED_MS = 1300;

describe.each(DRIVERS)('signing keys that cannot be read while a server runs, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));
  const kidsOf = async (): Promise<unknown[]> => {
    const { keys } = (await (await fetch(`${suite.server.issuer}/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    return keys.map(({ kid }) => kid);
  };
  const keptKeys = async (): Promise<Uint8Array> => (await suite.server.driver.getMany([KEYS]))[0]!;

  test('[F34] it goes on with those it has, raises an alarm, is not ready, and makes none', async () => {
    const { server } = suite;
    const app = appOf(server.issuer);
    const [kids, good] = [await kidsOf(), await keptKeys()];
    const bad = Uint8Array.from(good, (byte, at) => (at === 40 ? byte ^ 1 : byte));
    await server.driver.put({ key: KEYS, value: bad });
    await delay(LOOKED_MS);

    const tokens = await app.newTokens();
    const signer = decodeProtectedHeader(String(tokens['id_token'])).kid;
    expect([await kidsOf(), kids.includes(signer)]).toEqual([kids, true]);
    expect(server.audit).toContainEqual(
      expect.objectContaining({ type: 'store.seal-broken', outcome: 'failure', key: KEYS }),
    );
    const health = await fetch(`${server.managementUrl}/health/ready`);
    expect([health.status, await health.text()]).toEqual([503, expect.stringContaining('keys')]);
    expect(Buffer.from(await keptKeys()).equals(Buffer.from(bad))).toBe(true);

    await server.driver.put({ key: KEYS, value: good });
    await untilReady(server.managementUrl);
    expect(await kidsOf()).toEqual(kids);
  });

  test('[F34] where they are gone, it puts those back that it has: what they signed stays good', async () => {
    const { server } = suite;
    const kids = await kidsOf();
    await server.driver.remove([KEYS]);
    await delay(LOOKED_MS);
    await untilReady(server.managementUrl);
    expect(
      server.vault
        .open<{ keys: { kid: string }[] }>(KEYS, await keptKeys())
        .keys.map(({ kid }) => kid)
        .sort(),
    ).toEqual([...kids].sort());
  });
});
