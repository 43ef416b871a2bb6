import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { UNAVAILABLE, appOf, toldOf, until, untilReady, type TestApp } from '../../support/app.ts';
import { startAuditRepository, type AuditRepository } from '../../support/audit-receivers.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { openScreen, submit } from '../../support/flow.ts';
import { FHIR, startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';

describe('a receiver of the audit log without which nothing is granted for long', () => {
  let repository: AuditRepository;
  let store: TestStore;
  let server: TestServer;
  let app: TestApp;
  const startWith = async (receiver: object): Promise<void> => {
    server = await startGatehouse(store, {
      clients: [PUBLIC_APP, RESOURCE_SERVER],
      fhirServers: [
        { id: 'main', name: 'Test FHIR', url: FHIR },
        { id: 'audit', name: 'Audit', url: repository.url },
      ],
      audit: { delivery: [{ id: 'arr', fhirServer: 'audit', ...receiver }] },
    });
    app = appOf(server.issuer);
  };
  const readiness = async (): Promise<string> => (await fetch(`${server.managementUrl}/health/ready`)).text();
  const isAway = async (): Promise<boolean> =>
    (await (await fetch(`${server.managementUrl}/metrics`)).text()).includes(
      'gatehouse_audit_delivery_failures_total{receiver="arr"} 1',
    );
  beforeEach(async () => {
    repository = await startAuditRepository();
    store = await testStore('embedded');
  });
  afterEach(async () => {
    await server.close();
    await store.dispose();
    await repository.close();
  });

  test('[SEC-5] [F37] away for longer: 503 for what is issued, the rest goes on; back, so is all', async () => {
    await startWith({ maxAwayS: 2 });
    const [code, tokens, screen] = [
      await app.newCode(),
      await app.newTokens(),
      await openScreen(server.issuer, 'login'),
    ];
    repository.instead = (response) => response.destroy();
    await app.introspect(tokens.access_token);
    await app.revoke((await app.newTokens()).refresh_token);
    await until(async () => (await readiness()).includes('"DOWN"'), 'it was away for too long');
    expect(await readiness()).toContain('the receiver arr of the audit log has been away since 20');
    const refused = await app.token(code);
    expect(toldOf(refused)).toBe(UNAVAILABLE);
    expect(refused.body['error_description']).toMatch(/^the audit log of this server does not arrive/);
    expect(toldOf(await app.refresh(tokens.refresh_token))).toBe(UNAVAILABLE);
    const page = await submit(server.issuer, screen);
    expect([page.callback, page.response.status]).toEqual([undefined, 503]);
    expect(await app.isActive(tokens.access_token)).toBe(true);
    repository.instead = undefined;
    await untilReady(server.managementUrl);
    expect((await app.token(code)).status).toBe(200);
    expect(toldOf(await app.refresh(tokens.refresh_token))).toBe('200 fine');
  });

  test('[SEC-5] taking back goes on while it is away for too long', async () => {
    await startWith({ maxAwayS: 1 });
    const tokens = await app.newTokens();
    repository.instead = (response) => response.destroy();
    await app.newTokens();
    await until(async () => (await readiness()).includes('"DOWN"'), 'it was away for too long');
    expect(toldOf(await app.revoke(tokens.refresh_token))).toBe('200 fine');
    expect(await app.isActive(tokens.access_token)).toBe(false);
  });

  test('[SEC-5] what the last process saw counts for the next one, which starts all the same', async () => {
    await startWith({ maxAwayS: 1 });
    repository.instead = (response) => response.destroy();
    await app.newTokens();
    await until(isAway, 'it was away');
    await server.close();
    await startWith({ maxAwayS: 1 });
    await until(async () => (await readiness()).includes('"DOWN"'), 'it was away for too long');
    repository.instead = undefined;
    await untilReady(server.managementUrl);
    expect(toldOf(await app.token(await app.newCode()))).toBe('200 fine');
  });

  test('[SEC-5] without such a limit it may be away for as long as it likes', async () => {
    await startWith({});
    repository.instead = (response) => response.destroy();
    await app.newTokens();
    await until(isAway, 'it was away');
    expect(await readiness()).not.toContain('DOWN');
    expect(toldOf(await app.token(await app.newCode()))).toBe('200 fine');
  });
});
