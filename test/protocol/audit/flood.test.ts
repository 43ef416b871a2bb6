import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { PUBLIC_APP } from '../../support/clients.ts';
import { postForm } from '../../support/flow.ts';
import { startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';

describe('somebody who has things refused as fast as they can', () => {
  let store: TestStore;
  let server: TestServer;
  beforeAll(async () => {
    store = await testStore('embedded');
    const limits = { failuresPerAddress: 0, tokensPerClient: 0 };
    server = await startGatehouse(store, { clients: [PUBLIC_APP], limits, audit: { alikePerMinute: 20 } });
  });
  afterAll(() => store.dispose());

  const bytesOfLog = async (): Promise<number> => {
    const folder = path.join(server.dataDir, 'audit');
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
    const sizes = files.map(async (name) => (await stat(path.join(folder, name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };

  test('[F39] fills no disk, and the log says how often it was', async () => {
    const before = await bytesOfLog();
    for (let time = 0; time < 150; time += 1) {
      const form = { grant_type: 'refresh_token', refresh_token: `gar_${time}`, client_id: 'public-app' };
      expect((await postForm(`${server.issuer}/token`, form)).status).toBe(400);
    }
    const refused = () => server.audit.filter(({ type }) => type === 'token.refused');
    expect(refused()).toHaveLength(20);
    expect((await bytesOfLog()) - before).toBeLessThan(20_000);
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/^gatehouse_events_total\{[^}]*token\.refused[^}]*\} 150$/m);
    await server.close();
    expect(refused().at(-1)).toMatchObject({ count: 130, clientId: 'public-app', since: expect.any(String) });
  });
});
