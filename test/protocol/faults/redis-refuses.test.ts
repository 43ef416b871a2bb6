import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { shutOut } from '../../../src/cli/office.ts';
import { clientRegistration } from '../../../src/clients/index.ts';
import {
  createAccountStore,
  createClientStore,
  createGrantIndex,
  createGrantList,
  openRedisStore,
} from '../../../src/store/index.ts';
import { UNAVAILABLE, appOf, toldOf, until, untilReady, type TestApp } from '../../support/app.ts';
import { ASSERTION_TYPE, PUBLIC_APP, RESOURCE_SERVER, keyedClient } from '../../support/clients.ts';
import { authorize, postForm, redeem } from '../../support/flow.ts';
import { startGatehouse, type TestServer } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';
import { inSync } from '../../support/redis-topologies.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

const PASSWORD = 'hunter2-secret';
const keyed = await keyedClient('keyed', 'ES384', { scope: 'system/*.rs', rights: ['introspect'] });
const CLIENTS = [PUBLIC_APP, RESOURCE_SERVER, keyed.registration];

describe('a Redis that answers, and refuses', () => {
  let redis: RedisServer;
  let server: TestServer;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    await redis.tell(`ACL SETUSER someone on >${PASSWORD} ~* &* +@all`);
    const url = `redis://someone:${PASSWORD}@127.0.0.1:${redis.port}`;
    const open = () => openRedisStore(url, () => undefined);
    server = await startGatehouse({ open }, { clients: CLIENTS });
    app = appOf(server.issuer);
  });
  afterEach(() => untilReady(server.managementUrl));
  afterAll(async () => {
    await server?.close();
    await redis?.stop();
  });

  const statusOf = async (path: string): Promise<number> => (await fetch(server.issuer + path)).status;
  /** Whatever it was, it is over: what was refused is good still, and exactly once. */
  const goesOn = async (code: Readonly<Record<string, string>>, refreshToken: string): Promise<void> => {
    await untilReady(server.managementUrl);
    const { status, body } = await app.token(code);
    expect(status).toBe(200);
    expect(await app.isActive(body.access_token)).toBe(true);
    expect((await app.refresh(refreshToken)).status).toBe(200);
    expect((await app.token(code)).body.error).toBe('invalid_grant');
  };

  test('[F07] out of memory: no tokens, 503; questions are answered, and what is revoked is dead', async () => {
    const [kept, ended, half, code] = [
      await app.newTokens(),
      await app.newTokens(),
      await app.newTokens(),
      await app.newCode(),
    ];
    await redis.tell('CONFIG SET maxmemory 1');
    try {
      expect([toldOf(await app.token(code)), toldOf(await app.refresh(kept.refresh_token))]).toEqual([
        UNAVAILABLE,
        UNAVAILABLE,
      ]);
      expect(await app.isActive(kept.access_token)).toBe(true);
      for (const path of ['/jwks', '/.well-known/openid-configuration'])
        expect(await statusOf(path)).toBe(200);
      // Ending something needs next to no memory, and frees some: it must not wait.
      expect((await app.revoke(ended.refresh_token)).status).toBe(200);
      expect((await app.revoke(half.access_token)).status).toBe(200);
      const tokens = [ended.access_token, half.access_token, kept.access_token];
      expect(await Promise.all(tokens.map((token) => app.isActive(token)))).toEqual([false, false, true]);
    } finally {
      await redis.tell('CONFIG SET maxmemory 0');
    }
    expect((await app.refresh(ended.refresh_token)).body.error).toBe('invalid_grant');
    expect((await app.refresh(half.refresh_token)).status).toBe(200);
    await goesOn(code, kept.refresh_token);
  });

  test('[F07] out of memory: who shows an assertion may revoke and ask, too, each with one of its own', async () => {
    const send = async (path: string, form: Record<string, string>, assertion?: string) => {
      const client_assertion = assertion ?? (await keyed.assertion(`${server.issuer}/token`));
      return postForm(server.issuer + path, {
        client_assertion_type: ASSERTION_TYPE,
        client_assertion,
        ...form,
      });
    };
    const asking = { grant_type: 'client_credentials', scope: 'system/Patient.rs' };
    const token = (await send('/token', asking)).body['access_token'];
    await redis.tell('CONFIG SET maxmemory 1');
    try {
      expect((await send('/introspect', { token })).body['active']).toBe(true);
      const assertion = await keyed.assertion(`${server.issuer}/token`);
      expect((await send('/revoke', { token }, assertion)).status).toBe(200);
      expect((await send('/introspect', { token }, assertion)).status).toBe(401);
      expect((await send('/introspect', { token })).body['active']).toBe(false);
      expect((await send('/token', asking)).status).toBe(503);
    } finally {
      await redis.tell('CONFIG SET maxmemory 0');
    }
  });

  test.each(['user disable', 'client disable', 'client remove'])(
    '[F07] [REV-06] out of memory: %s ends everything there was, and says that the rest could not be written',
    async (command) => {
      const { driver, vault } = server;
      const clients = createClientStore(vault);
      const clientId = `ended-by-${command.replace(' ', '-')}`;
      await clients.add(clientRegistration.parse({ ...PUBLIC_APP, client_id: clientId }));
      const code = await authorize(server.issuer, { clientId });
      const token = (await redeem(server.issuer, code, { client_id: clientId })).body.access_token;
      const account = (await createAccountStore(vault).findByUsername('amy'))!;
      const ended: string[] = [];
      const office = {
        ...{ grants: createGrantIndex(driver, 3600), grantList: createGrantList(vault) },
        keepEnding: async (grant: { clientId: string }) => void ended.push(grant.clientId),
      };
      await redis.tell('CONFIG SET maxmemory 1');
      const shut = {
        'user disable': () => createAccountStore(vault).save({ ...account, disabled: true }),
        'client disable': () => clients.setDisabled(clientId, true),
        'client remove': () => clients.remove(clientId),
      }[command]!;
      const owner = command === 'user disable' ? { accountId: account.accountId } : { clientId };
      try {
        await expect(shutOut(office, owner, shut, { by: 'operator' })).rejects.toThrow(/OOM|memory/);
        expect(ended).toContain(clientId);
        expect(await app.isActive(token)).toBe(false);
      } finally {
        await redis.tell('CONFIG SET maxmemory 0');
      }
      expect(await app.isActive(token)).toBe(false);
      expect(await app.isActive((await app.newTokens()).access_token)).toBe(true);
    },
  );

  test('[F10] a primary that was made a replica under us: 503, and nothing is used up', async () => {
    const [kept, code] = [await app.newTokens(), await app.newCode()];
    // Nobody is there, so it keeps what it has.
    await redis.tell('REPLICAOF 127.0.0.1 1');
    try {
      for (let round = 0; round < 3; round += 1) {
        expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
        expect(toldOf(await app.refresh(kept.refresh_token))).toBe(UNAVAILABLE);
        expect([true, undefined]).toContain(await app.isActive(kept.access_token));
      }
    } finally {
      await redis.tell('REPLICAOF NO ONE');
    }
    await untilReady(server.managementUrl);
    await delay(1200);
    // What it did meanwhile nobody knows, so what is good for one use and was made before is refused (C2.8).
    expect((await app.token(code)).body['error_description']).toMatch(/made before a failure of the server/);
    await goesOn(await app.newCode(), kept.refresh_token);
  });

  test('[F11] too few replicas: NOREPLICAS is 503, and nothing is used up', async () => {
    const [kept, code] = [await app.newTokens(), await app.newCode()];
    await redis.tell('CONFIG SET min-replicas-to-write 1');
    try {
      expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
      expect(toldOf(await app.refresh(kept.refresh_token))).toBe(UNAVAILABLE);
      expect(await app.isActive(kept.access_token)).toBe(true);
    } finally {
      await redis.tell('CONFIG SET min-replicas-to-write 0');
    }
    await goesOn(code, kept.refresh_token);
  });

  test('[F15] somebody’s script keeps it busy: 503 at once; killed, everything goes on', async () => {
    const [kept, code] = [await app.newTokens(), await app.newCode()];
    await redis.tell('CONFIG SET busy-reply-threshold 20');
    const endless = redis.tell('EVAL "while true do end" 0').catch(() => 'killed');
    try {
      await delay(100);
      const began = performance.now();
      expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
      expect(toldOf(await app.introspect(kept.access_token))).toBe(UNAVAILABLE);
      expect(toldOf(await app.revoke(kept.refresh_token))).toBe(UNAVAILABLE);
      expect(performance.now() - began).toBeLessThan(3000);
    } finally {
      await redis.tell('SCRIPT KILL');
      expect(await endless).toBe('killed');
    }
    await goesOn(code, kept.refresh_token);
  });

  test('[F16] the password is another one and connections end: 503; the right one again, and it goes on by itself', async () => {
    const [kept, code] = [await app.newTokens(), await app.newCode()];
    await redis.tell('ACL SETUSER someone resetpass >another-one');
    await redis.tell('CLIENT KILL USER someone');
    const isReady = async (): Promise<boolean> =>
      (await fetch(`${server.managementUrl}/health/ready`)).status === 200;
    await until(async () => !(await isReady()), 'the node was not ready');
    expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
    expect(toldOf(await app.introspect(kept.access_token))).toBe(UNAVAILABLE);
    const ready = await fetch(`${server.managementUrl}/health/ready`);
    expect(await ready.text()).not.toContain(PASSWORD);
    await redis.tell(`ACL SETUSER someone resetpass >${PASSWORD}`);
    await goesOn(code, kept.refresh_token);
  });
});

describe('two primaries after a partition', () => {
  const started: RedisServer[] = [];
  const servers: TestServer[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(started.map((one) => one.stop()));
  });

  const redisWith = async (...args: string[]): Promise<RedisServer> => {
    const fixed = ['--min-replicas-to-write', '1', '--repl-diskless-sync-delay', '0'];
    const redis = await startRedis({ appendOnly: true, args: [...fixed, ...args] });
    started.push(redis);
    return redis;
  };
  const nodeOn = async ({ url }: RedisServer, issuer?: string, port?: number): Promise<TestServer> => {
    const open = () => openRedisStore(url, () => undefined);
    const config = { clients: CLIENTS, ...(issuer === undefined ? {} : { issuer, trustProxy: true }) };
    const server = await startGatehouse({ open }, config, port);
    servers.push(server);
    return server;
  };

  test('[F11] the one nobody follows takes no redemption; at the other one tokens go on, and codes are made anew', async () => {
    const old = await redisWith();
    const next = await redisWith('--replicaof', `127.0.0.1 ${old.port}`);
    await inSync(old, 1);
    const minority = await nodeOn(old);
    const app = appOf(minority.issuer);
    const [code, tokens] = [await app.newCode(), await app.newTokens()];
    await inSync(old, 1);

    await next.tell('REPLICAOF NO ONE');
    await next.tell('CONFIG SET min-replicas-to-write 0');
    expect(toldOf(await app.token(code))).toBe(UNAVAILABLE);
    expect(toldOf(await app.refresh(tokens.refresh_token))).toBe(UNAVAILABLE);
    const port = await freePort();
    await nodeOn(next, minority.issuer, port);
    const other = appOf(minority.issuer, `http://localhost:${port}`);
    // Of another primary nobody knows whether it has seen every redemption (C2.8).
    expect((await other.token(code)).body['error_description']).toMatch(
      /made before a failure of the server/,
    );
    const refreshed = await other.refresh(tokens.refresh_token);
    expect(refreshed.status).toBe(200);

    // The partition is over, and who lost follows.
    await old.tell(`REPLICAOF 127.0.0.1 ${next.port}`);
    await until(async () => (await app.isActive(refreshed.body.access_token)) === true, 'it had followed');
    expect((await other.token(code)).status).toBe(400);
    expect((await other.refresh(refreshed.body.refresh_token)).status).toBe(200);
  });
});
