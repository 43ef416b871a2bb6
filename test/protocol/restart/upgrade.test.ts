import { describe, expect, test } from '@jest/globals';

import { appOf } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';
import type { Row } from '../../../src/store/index.ts';

/** What a node keeps for people, apps and grants; epoch and keys have readers of their own. */
const RECORDS = /:(at:[^:]+|ac:[^:]+|bt:[^:]+|grant|family|session|account|client|status|login|signing)$/;
const UNKNOWN_VERSION = 9;

describe.each(DRIVERS)('nodes of two versions on one store, on %s', (driverName) => {
  const suite = gatehouseOn(driverName, () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));

  const records = async (): Promise<Extract<Row, { key: string }>[]> => {
    const found: Extract<Row, { key: string }>[] = [];
    for await (const rows of suite.server.driver.dump())
      for (const row of rows) if ('key' in row && RECORDS.test(row.key)) found.push(row);
    return found;
  };
  const ttlOf = ({ expiresMs }: { readonly expiresMs?: number }): number | undefined =>
    expiresMs === undefined ? undefined : (expiresMs - Date.now()) / 1000;

  test('[F28] what a newer one has added to a record is no hindrance: everybody stays signed in', async () => {
    const { server } = suite;
    const app = appOf(server.issuer);
    const [tokens, code] = [await app.newTokens(), await app.newCode()];
    const kinds = new Set<string>();
    for (const row of await records()) {
      const record = server.vault.open<object>(row.key, row.value);
      const newer = { ...record, addedLater: { since: 2 } };
      await server.vault.write(row.key, newer, ttlOf(row));
      kinds.add(/:([a-z]+)(:[^:]+)?$/.exec(row.key)?.[1] ?? '');
    }
    expect([...kinds]).toEqual(
      expect.arrayContaining(['at', 'ac', 'grant', 'family', 'session', 'account', 'signing']),
    );
    expect(await app.isActive(tokens.access_token)).toBe(true);
    expect((await app.token(code)).status).toBe(200);
    const refreshed = await app.refresh(tokens.refresh_token);
    expect(refreshed.status).toBe(200);
    expect(JSON.stringify(refreshed.body)).not.toContain('addedLater');
    expect(await app.isActive(refreshed.body.access_token)).toBe(true);
    expect((await app.revoke(refreshed.body.refresh_token)).status).toBe(200);
    expect(await app.isActive(refreshed.body.access_token)).toBe(false);
  });

  test('[F28] [A197] one that is sealed in a way of later is an alarm: neither unknown, nor inactive, nor ended', async () => {
    const { server } = suite;
    const app = appOf(server.issuer);
    const before = new Set((await records()).map(({ key }) => key));
    const tokens = await app.newTokens();
    const ours = (await records()).filter(({ key }) => !before.has(key) && /:(at:[^:]+|family)$/.test(key));
    expect(ours).toHaveLength(2);
    for (const { key, value, ...row } of ours) {
      const later = Uint8Array.from(value);
      later[0] = UNKNOWN_VERSION;
      const ttlSeconds = ttlOf(row) ?? 60;
      await server.driver.put({ key, value: later, ttlSeconds });
      const answer = key.endsWith(':family')
        ? await app.refresh(tokens.refresh_token)
        : await app.introspect(tokens.access_token);
      expect([answer.status, answer.body.error]).toEqual([500, 'server_error']);
      expect(server.audit.at(-1)).toMatchObject({ type: 'store.seal-broken', outcome: 'failure', key });
      await server.driver.put({ key, value, ttlSeconds });
    }
    expect(await app.isActive(tokens.access_token)).toBe(true);
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200);
  });
});
