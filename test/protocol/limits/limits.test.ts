import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';

import { until } from '../../support/app.ts';
import {
  ASSERTION_TYPE,
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
import { ehrClient } from '../../support/ehr.ts';
import { authorizeUrl, pkce, textOf } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { nodesOn, type Answer, type Sent } from '../../support/nodes.ts';

const LIMITS = {
  tokensPerClient: 3,
  introspectionsPerClient: 3,
  launchesPerEhr: 2,
  authorizationsPerAddress: 4,
  failuresPerAddress: 5,
};
const OWN = new URL(REDIRECT).origin;
const HTML = { accept: 'text/html' };
/** A failure is counted after its answer. */
const COUNTED = 'the last failure is counted';

function expectTooMany({ status, headers, body }: Answer, description: RegExp): void {
  expect({ status, body }).toEqual({
    status: 429,
    body: { error: 'temporarily_unavailable', error_description: expect.stringMatching(description) },
  });
  expect(body['error_description']).toMatch(/; try again in \d+ seconds \(reference \S{14}\)$/);
  const wait = Number(headers.get('retry-after'));
  expect(wait > 0 && wait <= 60).toBe(true);
}

describe.each(DRIVERS)('limits that two nodes on %s share', (driver) => {
  let ehr: KeyedClient;
  let asker: KeyedClient;
  const lines: { limit?: string; whose?: string; msg: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const nodes = nodesOn(
    driver,
    async (issuer) => {
      ehr = await ehrClient(issuer);
      asker = await keyedClient('asker', 'ES384', {
        scope: `${issuer}/scopes/introspect`,
        rights: ['introspect'],
      });
      const others = ['other-app', 'third-app', 'fourth-app', 'fifth-app'].map((client_id) => ({
        ...SECRET_APP,
        client_id,
      }));
      const clients = [
        PUBLIC_APP,
        SECRET_APP,
        RESOURCE_SERVER,
        { ...RESOURCE_SERVER, client_id: 'other-server' },
        ...others,
        ehr.registration,
        asker.registration,
      ];
      return { limits: LIMITS, clients };
    },
    { log },
  );
  /** An address of its own for each test: what one uses up is not the next one's. */
  let from = '';
  let serial = 0;
  beforeEach(() => {
    serial += 1;
    from = `198.51.100.${serial}`;
  });

  const refreshing = { grant_type: 'refresh_token', refresh_token: 'grt_made-up' };
  const token = (node: 0 | 1, sent: Sent): Promise<Answer> =>
    nodes.ask(node, '/token', { form: refreshing, from, ...sent });
  const repeat = async (times: number, ask: (at: number) => Promise<Answer>): Promise<number[]> => {
    const statuses: number[] = [];
    for (let at = 0; at < times; at += 1) statuses.push((await ask(at)).status);
    return statuses;
  };
  const either = (at: number): 0 | 1 => (at % 2 === 0 ? 0 : 1);
  const backend = async (client: KeyedClient, scope: string): Promise<string> => {
    const { body } = await nodes.ask(0, '/token', {
      from,
      form: {
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await client.assertion(`${nodes.issuer}/token`),
      },
    });
    return String(body['access_token']);
  };

  describe('/token', () => {
    const headers = basic('secret-app', SECRET);

    test('[SEC-09] a client that asks too often is told when to come back; other clients are not hindered', async () => {
      expect(await repeat(3, (at) => token(either(at), { headers }))).toEqual([400, 400, 400]);
      for (const node of [0, 1] as const) {
        const refused = await token(node, { headers });
        expectTooMany(refused, /^too many requests of this client;/);
        expect(refused.headers.get('cache-control')).toBe('no-store');
      }
      // From wherever it asks: it proves who it is.
      expect((await token(0, { headers, from: '203.0.113.9' })).status).toBe(429);
      expect((await token(0, { headers: basic('other-app', SECRET) })).status).toBe(400);
    });

    test('[SEC-09] what it may still do is revoke', async () => {
      const answer = await nodes.ask(0, '/revoke', { form: { token: 'grt_made-up' }, headers, from });
      expect(answer.status).toBe(200);
    });

    test('[SEC-09] a public client, which proves nothing, has a limit for each address', async () => {
      const form = { ...refreshing, client_id: 'public-app' };
      expect(await repeat(4, (at) => token(either(at), { form }))).toEqual([400, 400, 400, 429]);
      expect((await token(0, { form, from: '203.0.113.10' })).status).toBe(400);
    });

    test('[CORS-09] [A192] the refusal is readable where the answer would be, and nowhere else', async () => {
      const form = { ...refreshing, client_id: 'public-app' };
      await repeat(3, (at) => token(either(at), { form }));
      for (const [origin, allowed, exposed] of [
        [OWN, OWN, 'Retry-After'],
        ['https://evil.example', null, null],
      ] as const) {
        const refused = await token(0, { form, headers: { origin } });
        expect(refused.status).toBe(429);
        expect(refused.headers.get('access-control-allow-origin')).toBe(allowed);
        expect(refused.headers.get('access-control-expose-headers')).toBe(exposed);
        expect(refused.headers.get('vary')).toMatch(/origin/i);
      }
    });

    test('[SEC-09] who only says to be a client uses up nothing of it', async () => {
      const wrong = basic('third-app', 'not-the-secret-of-that-app-0000000');
      expect(await repeat(4, (at) => token(either(at), { headers: wrong }))).toEqual([401, 401, 401, 401]);
      const right = basic('third-app', SECRET);
      expect(await repeat(3, (at) => token(either(at), { headers: right, from: '203.0.113.11' }))).toEqual([
        400, 400, 400,
      ]);
    });
  });

  describe('requests that are refused before anybody has proved anything', () => {
    const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: 'e30.e30.e30' };
    const claims = (app: string): Sent[] => [
      { headers: basic(app, 'x'), form: { ...refreshing, client_id: 'nobody' } },
      { headers: basic(app, 'x'), form: { ...refreshing, ...proof } },
      { headers: basic(app, ''), form: refreshing },
      { headers: { ...basic(app, 'x'), 'oauth-client-attestation': 'x' }, form: refreshing },
    ];

    test('[SEC-09] use up nothing of the client they name', async () => {
      const sent = claims('fourth-app');
      expect(await repeat(4, (at) => token(either(at), { ...sent[at] }))).toEqual([400, 400, 400, 400]);
      const headers = basic('fourth-app', SECRET);
      expect(await repeat(4, () => token(0, { headers, from: '203.0.113.14' }))).toEqual([
        400, 400, 400, 429,
      ]);
    });

    test('[SEC-09] not even when they come all at once, more than the limit', async () => {
      const wrong = basic('fifth-app', 'not-the-secret-of-that-app-0000000');
      const flood = Array.from({ length: 40 }, (_, at) =>
        token(either(at), { headers: wrong, from: `192.0.2.${at + 10}` }),
      );
      expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toContain(401);
      const headers = basic('fifth-app', SECRET);
      const ask = async () => (await token(0, { headers, from: '203.0.113.15' })).status;
      await until(async () => (await ask()) === 400, 'what they took is given back');
      expect([await ask(), await ask(), await ask()]).toEqual([400, 400, 429]);
    });

    test('[SEC-09] count for their address, at introspection, too', async () => {
      const form = { token: 'x', client_id: 'nobody' };
      const ask = (at: number): Promise<Answer> =>
        nodes.ask(0, at < 2 ? '/token' : '/introspect', { headers: basic('fhir-server', 'x'), form, from });
      expect(await repeat(5, ask)).toEqual([400, 400, 400, 400, 400]);
      await until(async () => (await ask(5)).status === 429, COUNTED);
      expectTooMany(await ask(6), /^too many failed authentications from this address;/);
    });

    test('[SEC-09] what else is wrong with a request of a client that is who it says it is does not', async () => {
      const form = { token: '' };
      const ask = (): Promise<Answer> =>
        nodes.ask(0, '/introspect', { headers: basic('other-server', RS_SECRET), form, from });
      expect(await repeat(4, ask)).toEqual([400, 400, 400, 429]);
      const other = { ...refreshing, client_id: 'public-app' };
      expect(await repeat(3, () => token(0, { form: other }))).toEqual([400, 400, 400]);
      expect((await nodes.ask(0, '/introspect', { from, form: { token: 'x' } })).status).toBe(401);
    });
  });

  describe('failed authentications', () => {
    const wrong = basic('fhir-server', 'not-the-secret-of-the-fhir-server-0');

    test('[SEC-09] too many from one address: it is shut out for a while, others are not', async () => {
      const paths = ['/token', '/introspect', '/launches', '/token', '/introspect'];
      const guess = (at: number): Promise<Answer> =>
        nodes.ask(0, paths[at] ?? '', { form: { ...refreshing, token: 'gat_x' }, headers: wrong, from });
      expect(await repeat(5, guess)).toEqual([401, 401, 401, 401, 401]);
      await until(async () => (await guess(0)).status === 429, COUNTED);
      for (const path of new Set(paths)) {
        const right = basic('fhir-server', RS_SECRET);
        const answer = await nodes.ask(0, path, { form: { token: 'gat_x' }, headers: right, from });
        expectTooMany(answer, /^too many failed authentications from this address;/);
      }
      const elsewhere = { form: { token: 'gat_x' }, headers: basic('fhir-server', RS_SECRET) };
      expect((await nodes.ask(0, '/introspect', { ...elsewhere, from: '203.0.113.12' })).status).toBe(200);
      // The other node hears of it from the next failure it sees.
      const onOther = async () =>
        (await nodes.ask(1, '/introspect', { form: { token: 'x' }, headers: wrong, from })).status;
      expect(await onOther()).toBe(401);
      await until(async () => (await onOther()) === 429, COUNTED);
    });

    test('[SEC-09] the many addresses of one IPv6 network are one', async () => {
      const guess = (at: number): Promise<Answer> =>
        nodes.ask(0, '/introspect', {
          form: { token: 'x' },
          headers: wrong,
          from: `2001:db8:0:1::${at + 1}`,
        });
      expect(await repeat(5, guess)).toEqual([401, 401, 401, 401, 401]);
      await until(async () => (await guess(5)).status === 429, COUNTED);
      const other = { form: { token: 'x' }, headers: wrong, from: '2001:db8:0:2::1' };
      expect((await nodes.ask(0, '/introspect', other)).status).toBe(401);
    });
  });

  describe('/authorize', () => {
    const url = (params = {}): string =>
      authorizeUrl('http://x', { params }, pkce().challenge).replace('http://x', '');

    test('[A196] too many from one address, by GET and POST: a page for people, JSON for programs', async () => {
      const form = Object.fromEntries(new URLSearchParams(url().split('?')[1]));
      const ask = (at: number): Promise<Answer> =>
        nodes.ask(either(at), at < 2 ? url() : '/authorize', { from, ...(at < 2 ? {} : { form }) });
      expect(await repeat(4, ask)).toEqual([303, 303, 303, 303]);
      expectTooMany(
        await nodes.ask(0, url(), { from }),
        /^too many authorization requests from this address;/,
      );
      expectTooMany(await nodes.ask(1, '/authorize', { from, form }), /^too many authorization requests/);
      const page = await nodes.ask(1, url(), { from, headers: HTML });
      expect(page.status).toBe(429);
      expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(textOf(page.text)).toMatch(
        /Too many requests.*Nothing was shared. Wait a minute.*temporarily_unavailable/,
      );
      expect((await nodes.ask(0, url(), { from: '203.0.113.13' })).status).toBe(303);
    });

    test('[A049] guessing launch values ends in 429, before anything is looked up', async () => {
      const guess = (at: number): Promise<Answer> =>
        nodes.ask(either(at), url({ scope: 'launch patient/*.rs', launch: `guess-${at}` }), {
          from,
          headers: HTML,
        });
      const statuses = await repeat(8, guess);
      expect(statuses.slice(0, 4)).not.toContain(429);
      expect(statuses.slice(4)).toEqual([429, 429, 429, 429]);
    });
  });

  test('[LCH-01] [SEC-09] an EHR that launches too often, with whichever of its tokens', async () => {
    const scope = `${nodes.issuer}/scopes/launch`;
    const tokens = [await backend(ehr, scope), await backend(ehr, scope), await backend(ehr, scope)];
    const launch = (at: number): Promise<Answer> =>
      nodes.ask(either(at), '/launches', {
        from,
        json: { client_id: 'public-app', iss: FHIR },
        headers: { authorization: `Bearer ${tokens[at]}` },
      });
    expect(await repeat(2, launch)).toEqual([201, 201]);
    expectTooMany(await launch(2), /^too many requests of this client;/);
  });

  test('[INT-08] [INT-16] [SEC-09] a resource server, by secret or by token, where its operator has set a limit', async () => {
    const bySecret = () =>
      nodes.ask(1, '/introspect', { form: { token: 'x' }, headers: basic('fhir-server', RS_SECRET), from });
    await repeat(3, bySecret);
    expectTooMany(await bySecret(), /^too many requests of this client;/);
    const authorization = `Bearer ${await backend(asker, `${nodes.issuer}/scopes/introspect`)}`;
    const byToken = (at: number) =>
      nodes.ask(either(at), '/introspect', { form: { token: 'x' }, headers: { authorization }, from });
    expect(await repeat(3, byToken)).toEqual([200, 200, 200]);
    expectTooMany(await byToken(0), /^too many requests of this client;/);
  });

  test('refusals are counted by their limit; the log has one line for each who met one', async () => {
    const pages = await Promise.all(
      nodes.servers.map(async ({ managementUrl }) => (await fetch(`${managementUrl}/metrics`)).text()),
    );
    for (const limit of Object.keys(LIMITS))
      expect(pages.join('\n')).toMatch(new RegExp(`gatehouse_limited_total\\{limit="${limit}"\\} [1-9]`));
    expect(pages.join('\n')).not.toMatch(/198\.51\.100|secret-app/);
    const told = lines.filter(({ whose }) => whose === 'client secret-app');
    expect(told).toEqual([
      expect.objectContaining({
        limit: 'tokensPerClient',
        msg: expect.stringMatching(/^a limit was used up/),
      }),
    ]);
  });
});

describe('limits that are off', () => {
  const off = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, 0]));
  const nodes = nodesOn('redis', () => ({ limits: off, clients: [PUBLIC_APP, RESOURCE_SERVER] }));
  const counted = async (): Promise<number> =>
    Number(
      /cmdstat_pttl:calls=(\d+)/.exec((await nodes.store.redis?.tell('INFO commandstats')) ?? '')?.[1] ?? 0,
    );

  test('[SEC-09] refuse nobody and cost no round trip', async () => {
    const wrong = basic('fhir-server', 'not-the-secret-of-the-fhir-server-0');
    for (let at = 0; at < 10; at += 1) {
      expect((await nodes.ask(0, '/introspect', { form: { token: 'x' }, headers: wrong })).status).toBe(401);
      expect((await nodes.ask(0, '/authorize')).status).toBe(400);
    }
    expect(await counted()).toBe(0);
  });
});

describe('the limits nobody changed', () => {
  const nodes = nodesOn('redis', () => ({ clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER] }));
  const counted = async (): Promise<number> =>
    Number(
      /cmdstat_pttl:calls=(\d+)/.exec((await nodes.store.redis?.tell('INFO commandstats')) ?? '')?.[1] ?? 0,
    );
  const form = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x' };
  let before = 0;
  beforeAll(async () => {
    before = await counted();
  });

  test('[SEC-09] an introspection counts nothing, a token request counts once', async () => {
    await nodes.ask(0, '/introspect', { form, headers: basic('fhir-server', RS_SECRET) });
    await nodes.ask(0, '/revoke', { form, headers: basic('secret-app', SECRET) });
    expect(await counted()).toBe(before);
    await nodes.ask(0, '/token', { form, headers: basic('secret-app', SECRET) });
    expect(await counted()).toBe(before + 1);
  });
});
