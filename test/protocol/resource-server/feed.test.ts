import { beforeAll, describe, expect, test } from '@jest/globals';

import { createClientStore, createGrantIndex, newGrantId } from '../../../src/store/index.ts';
import { until } from '../../support/app.ts';
import {
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { readEvents, type EventReader } from '../../support/event-reader.ts';
import { authorize, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { nodesOn } from '../../support/nodes.ts';

const RS = basic('fhir-server', RS_SECRET);

/** A machine that has too much to do hears its own beats late; then the node says that it cannot tell, and is asked again. */
async function told<Answer>(
  ask: () => Promise<Answer>,
  statusOf: (answer: Answer) => number,
): Promise<Answer> {
  let answer = await ask();
  await until(async () => {
    if (statusOf(answer) === 503) answer = await ask();
    return statusOf(answer) !== 503;
  }, 'the node can tell');
  return answer;
}

describe.each(DRIVERS)('the feed of revocations of two nodes on %s', (driver) => {
  let asker: KeyedClient;
  const nodes = nodesOn(driver, async (issuer) => {
    const scope = `${issuer}/scopes/introspect system/*.rs`;
    asker = await keyedClient('asker', 'ES384', { scope, rights: ['introspect'] });
    return { clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, asker.registration] };
  });
  const tokens = async (): Promise<TokenAnswer['body']> => {
    const { code, verifier } = await authorize(nodes.issuer);
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
    const answer = await nodes.ask(0, '/token', { form: { ...form, client_id: 'public-app' } });
    return answer.body as TokenAnswer['body'];
  };
  const refOf = async (token: string, headers: Record<string, string> = RS): Promise<unknown> =>
    (await nodes.ask(0, '/introspect', { form: { token }, headers })).body['grant_ref'];
  const revoke = (node: 0 | 1, token: string) =>
    nodes.ask(node, '/revoke', { form: { token, client_id: 'public-app' } });
  const open = async (headers: Record<string, string> = RS): Promise<EventReader> => {
    // The first node listens where the issuer says.
    const reader = await told(() => readEvents(`${nodes.issuer}/revocations`, headers), openStatus);
    if (reader.response.status === 200)
      await until(() => reader.named('alive').length > 0, 'the stream gives a sign of life');
    return reader;
  };
  const openStatus = ({ response }: EventReader): number => response.status;
  const poll = (after = '', headers: Record<string, string> = RS) =>
    told(
      () => nodes.ask(0, `/revocations?after=${after}`, { headers }),
      ({ status }) => status,
    );

  let issued: TokenAnswer['body'];
  beforeAll(async () => {
    issued = await tokens();
  });

  test('[SEM-25] [INT-03] a resource server is told a name for the grant, the same for all its tokens', async () => {
    const ref = await refOf(issued.access_token);
    expect(ref).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const form = {
      grant_type: 'refresh_token',
      refresh_token: issued.refresh_token,
      client_id: 'public-app',
    };
    const next = (await nodes.ask(1, '/token', { form })).body as TokenAnswer['body'];
    expect(await refOf(next.access_token)).toBe(ref);
    expect(await refOf((await tokens()).access_token)).not.toBe(ref);
    expect(next['grant_ref']).toBeUndefined();
    issued = next;
  });

  test('[INT-09] an app that asks about its own token is not told it, at either door', async () => {
    const { code, verifier } = await authorize(nodes.issuer, { clientId: 'secret-app' });
    const own = basic('secret-app', SECRET);
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
    const { body } = await nodes.ask(0, '/token', { form, headers: own });
    const token = String(body['access_token']);
    for (const more of [{}, { unheard_of: '1' }] as Record<string, string>[]) {
      const { body: seen } = await nodes.ask(0, '/introspect', { form: { token, ...more }, headers: own });
      expect(seen).toMatchObject({ active: true, client_id: 'secret-app' });
      expect(seen['grant_ref']).toBeUndefined();
    }
  });

  test.each([3, 300])(
    '[REV-05] %i endings missed: told again, and who is cut off meanwhile misses none',
    async (count) => {
      const { cursor } = (await poll()).body as { cursor: string };
      const grants = createGrantIndex(nodes.servers[0].driver, 3600);
      for (let at = 0; at < count; at += 1) await grants.revoke(newGrantId());
      const news = async () =>
        (await poll(cursor)).body as { cursor: string; ended: string[]; resync: boolean };
      await until(async () => (await news()).resync || (await news()).ended.length === count, 'all are told');
      const { ended, resync, cursor: last } = await news();
      const reader = await open({ ...RS, 'last-event-id': cursor });
      const caughtUp = reader.events.slice(
        0,
        reader.events.findIndex(({ event }) => event === 'alive'),
      );
      reader.close();
      if (resync || count > 256) {
        expect(caughtUp.map(({ event, id }) => [event, id])).toEqual([['resync', last]]);
        return;
      }
      // A node that a busy machine held up asks everybody to forget everything: after the endings, not instead of them.
      const told = caughtUp.filter(({ event }) => event !== 'resync');
      expect(told.map(({ data }) => data['grant_ref'])).toEqual(ended);
      // Only the last one says how far it goes.
      expect(told.map(({ id }) => id)).toEqual([...ended.slice(1).map(() => undefined), last]);
    },
  );

  test('[REV-05] [REV-07] what ends at another node is told within a second, by stream and by poll', async () => {
    const reader = await open();
    const first = await poll();
    expect(first.body).toMatchObject({ resync: true, ended: [], age_ms: expect.any(Number) });
    const ref = await refOf(issued.access_token);
    const began = performance.now();
    await revoke(1, issued.refresh_token);
    const named = () => reader.named('ended').find(({ data }) => data['grant_ref'] === ref);
    // Two embedded drivers on one file: the other one only learns that something was written.
    const isTold = () => named() ?? reader.events.find(({ event, at }) => event === 'resync' && at > began);
    await until(() => isTold() !== undefined, 'it was told');
    expect(isTold()!.at - began).toBeLessThan(1000);
    const news = await poll(String(first.body['cursor']));
    expect(news.body).toMatchObject(
      driver === 'redis' ? { resync: false, ended: expect.arrayContaining([ref]) } : { resync: true },
    );
    expect(await poll(String(news.body['cursor']))).toMatchObject({ body: { ended: [], resync: false } });
    reader.close();
  });

  test('[REV-03] one access token that is revoked is told as its grant', async () => {
    const { access_token: token } = await tokens();
    const ref = await refOf(token);
    const reader = await open();
    await revoke(0, token);
    await until(() => reader.named('ended').some(({ data }) => data['grant_ref'] === ref), 'it was told');
    reader.close();
  });

  test('[REV-05] a stream goes on where another one ended', async () => {
    const first = await open();
    const cursor = first.events.findLast(({ id }) => id !== undefined)?.id ?? '';
    first.close();
    const { access_token: token, refresh_token: refreshToken } = await tokens();
    const ref = await refOf(token);
    await revoke(0, refreshToken);
    const second = await open({ ...RS, 'last-event-id': cursor });
    expect(second.events[0]).toMatchObject({ event: 'ended', data: { grant_ref: ref } });
    second.close();
    const stranger = await open({ ...RS, 'last-event-id': 'another.1' });
    expect(stranger.events[0]).toMatchObject({ event: 'resync', data: { now: expect.any(Number) } });
    stranger.close();
  });

  test('[REV-10] a client whose grants end, or that changes, has everybody forget everything', async () => {
    const reader = await open();
    const from = reader.events.length;
    const began = performance.now();
    await createGrantIndex(nodes.servers[1].driver, 3600).revokeAllOf({ clientId: 'nobody' });
    const resyncs = () => reader.events.slice(from).filter(({ event }) => event === 'resync');
    await until(() => resyncs().length > 0, 'it was told');
    expect(resyncs()[0]!.at - began).toBeLessThan(1000);
    // Once more when no node can answer from what it remembered before.
    await until(() => resyncs().some(({ at }) => at - began >= 1000), 'it was told again');
    reader.close();
  });

  test('[INT-09] [CLI-20] only resource servers, and only with proof', async () => {
    const rows = [
      [{}, 401, 'invalid_client'],
      [basic('fhir-server', `${RS_SECRET}x`), 401, 'invalid_client'],
      [basic('secret-app', SECRET), 403, 'unauthorized_client'],
      [{ authorization: 'Bearer nonsense' }, 401, 'invalid_token'],
    ] as const;
    for (const [headers, status, error] of rows) {
      const answer = await poll('', headers);
      expect([answer.status, answer.body['error']]).toEqual([status, error]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      if (status === 401) expect(answer.headers.has('www-authenticate')).toBe(true);
      expect((await open(headers as Record<string, string>)).response.status).toBe(status);
    }
    const post = await nodes.ask(0, '/revocations', { form: { a: 'b' }, headers: RS });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('[INT-08] a backend token opens the feed, and its end ends the stream', async () => {
    const { issuer } = nodes;
    const { body } = await backendToken(issuer, asker, `${issuer}/scopes/introspect`);
    const reader = await open({ authorization: `Bearer ${body.access_token}` });
    expect(reader.response.status).toBe(200);
    expect(reader.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await createGrantIndex(nodes.servers[0].driver, 3600).revokeAllOf({ clientId: 'asker' });
    const later = await poll('', { authorization: `Bearer ${body.access_token}` });
    await until(
      async () => (await poll('', { authorization: `Bearer ${body.access_token}` })).status === 401,
      'it ended',
    );
    expect([200, 401]).toContain(later.status);
    reader.close();
  });

  test('[REV-10] a resource server that is disabled is told no more', async () => {
    const { vault } = nodes.servers[0];
    const reader = await open();
    await createClientStore(vault).setDisabled('fhir-server', true);
    await reader.ended;
    await createClientStore(vault).setDisabled('fhir-server', false);
    await until(async () => (await poll()).status === 200, 'it is let in again');
  });

  test('[SEC-2] opening and closing is in the audit trail, what is told is not', async () => {
    const { audit } = nodes.servers[0];
    const from = audit.length;
    const reader = await open();
    await revoke(0, (await tokens()).refresh_token);
    reader.close();
    await until(() => audit.slice(from).some(({ type }) => type === 'revocations.closed'), 'it was closed');
    const records = audit.slice(from).filter(({ type }) => type.startsWith('revocations.'));
    expect(records).toMatchObject([
      { type: 'revocations.opened', resourceServer: 'fhir-server' },
      { type: 'revocations.closed', resourceServer: 'fhir-server', reason: 'reader' },
    ]);
    const metrics = await (await fetch(`${nodes.servers[0].managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/^gatehouse_revocation_feed_subscribers 0$/m);
    expect(metrics).toMatch(/^gatehouse_revocation_feed_age_seconds 0\.\d+$/m);
  });

  test('[SEC-09] so many streams of one client, and no more', async () => {
    const readers = await Promise.all(
      Array.from({ length: 64 }, () => readEvents(`${nodes.issuer}/revocations`, RS)),
    );
    const more = await open();
    expect([more.response.status, more.response.headers.get('retry-after')]).toEqual([429, '1']);
    for (const reader of readers) reader.close();
    await until(async () => {
      const next = await readEvents(`${nodes.issuer}/revocations`, RS);
      next.close();
      return next.response.status === 200;
    }, 'there is room again');
  });
});
