import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from '@jest/globals';

import { rotateKeys } from '../../../src/keys/index.ts';
import { systemClock } from '../../../src/oauth/index.ts';
import { createSigningKeyStore } from '../../../src/store/index.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, redeem, refresh } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const ROTATION_MS = 2000;

describe.each(DRIVERS)('running a server on %s', (driver) => {
  const browser = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));
  const manage = (path: string): Promise<Response> => fetch(suite.server.managementUrl + path);

  test('health: alive, and ready with the reasons', async () => {
    const live = await manage('/health/live');
    expect([live.status, await live.json()]).toEqual([200, { status: 'UP' }]);
    const ready = await manage('/health/ready');
    const checks = [
      { name: 'store', status: 'UP' },
      { name: 'keys', status: 'UP' },
      { name: 'clock', status: 'UP' },
      { name: 'audit', status: 'UP' },
    ];
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'UP', checks }]);
  });

  test('metrics count requests and events, with no value that somebody sent', async () => {
    await redeem(suite.server.issuer, await authorize(suite.server.issuer, { browser }));
    await fetch(`${suite.server.issuer}/a-path-somebody-made-up?secret=1`);
    const page = await manage('/metrics');
    const text = await page.text();
    expect(page.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/gatehouse_events_total\{type="token\.issued",outcome="success"\} 1/);
    expect(text).toMatch(/gatehouse_http_request_duration_seconds_count\{[^}]*route="\/token"[^}]*\} 1/);
    expect(text).not.toMatch(/made-up|secret=|public-app|p1\b/);
  });

  test('[A191] management is not on the public port, and the public side is not on the management port', async () => {
    for (const path of ['/metrics', '/health/live', '/health/ready']) {
      expect((await fetch(suite.server.issuer + path)).status).toBe(404);
    }
    expect((await manage('/token')).status).toBe(404);
    expect((await manage('/authorize')).status).toBe(404);
  });

  test('[OIDC-02] keys rotate while the server runs: new id tokens by the new key, old ones still verify', async () => {
    const { issuer } = suite.server;
    const { body } = await redeem(issuer, await authorize(issuer, { browser }));
    const old = String(body['id_token']);
    const keyStore = createSigningKeyStore(suite.server.vault);
    const rotated = await rotateKeys((await keyStore.load())!, systemClock);
    await keyStore.save(rotated);
    const active = rotated.keys.find(({ status }) => status === 'active')!.kid;

    const deadline = Date.now() + ROTATION_MS;
    let token = body.refresh_token;
    let latest = old;
    while (decodeProtectedHeader(latest).kid !== active) {
      if (Date.now() > deadline) throw new Error('the new key was not taken up');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const again = (await refresh(issuer, token)).body;
      [token, latest] = [again.refresh_token, String(again['id_token'])];
    }
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    for (const one of [old, latest]) {
      const { payload, protectedHeader } = await jwtVerify(one, keys, {
        issuer,
        audience: 'public-app',
        algorithms: ['RS256'],
      });
      expect(payload.sub).toEqual(expect.any(String));
      expect(protectedHeader.alg).toBe('RS256');
    }
    // The session and the way through the screens outlive the change.
    expect((await redeem(issuer, await authorize(issuer, { browser }))).status).toBe(200);
  });
});
