import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { ConfigInput } from '../../../src/config/index.ts';
import { PUBLIC_APP, SECRET_APP } from '../../support/clients.ts';
import { DRIVERS, startGatehouse, testStore, type TestStore } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

const SECRET = 'another-secret-for-this-test-Zq8vN3xW';

describe.each(DRIVERS)('a start with another configuration, on %s', (driver) => {
  let store: TestStore;
  let port = 0;
  let dataDir = '';
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-settings-'));
    [store, port] = await Promise.all([testStore(driver), freePort()]);
  });
  afterAll(async () => {
    await store.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** The sections that it says were changed. */
  const saidAfter = async (config: Partial<ConfigInput>): Promise<string[]> => {
    const server = await startGatehouse(store, { ...config, store: { dataDir } }, port);
    await server.close();
    const text = JSON.stringify(server.audit);
    expect(text).not.toContain(SECRET);
    return server.audit.flatMap((event) =>
      event.type === 'config.changed' ? event.sections.split(' ') : [],
    );
  };

  test('[SEC-3] is recorded with the sections that differ, and with no value of them; the same one is not', async () => {
    expect(await saidAfter({ clients: [PUBLIC_APP] })).toEqual([]);
    expect(await saidAfter({ clients: [PUBLIC_APP] })).toEqual([]);
    expect(await saidAfter({ clients: [PUBLIC_APP], limits: { tokensPerClient: 7 } })).toEqual(['limits']);
    const client = { ...SECRET_APP, client_secret: SECRET };
    expect(await saidAfter({ clients: [client] })).toEqual(['clients', 'limits']);
    expect(await saidAfter({ clients: [{ ...client, client_secret: `${SECRET}2` }] })).toEqual(['clients']);
  });
});
