import { describe, expect, test } from '@jest/globals';
import { createDiscoveryProxy, createIntrospector } from '../../../src/resource-server/index.ts';
import { FHIR_BASE } from './token-of.ts';

const ACTIVE = {
  active: true,
  scope: 'openid patient/Patient.rs',
  client_id: 'app',
  exp: 2000,
  aud: FHIR_BASE,
};

interface Seen {
  readonly url: string;
  readonly init: RequestInit | undefined;
}

function answering(status: number, body: unknown, seen: Seen[] = []): typeof fetch {
  return async (url, init) => {
    seen.push({ url: url instanceof Request ? url.url : url.toString(), init });
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
}

function introspector(send: typeof fetch) {
  return createIntrospector({
    endpoint: 'https://auth.example/introspect',
    clientId: 'fhir:server',
    clientSecret: 's p%c',
    fhirBaseUrl: FHIR_BASE,
    fetch: send,
    clock: () => 1000,
  });
}

describe('createIntrospector', () => {
  test('[SEM-25] a live token is described', async () => {
    const seen: Seen[] = [];
    const more = { patient: 'p1', fhirUser: 'Practitioner/1', sub: 'u', intent: 'x' };
    const result = await introspector(answering(200, { ...ACTIVE, ...more }, seen))('abc');
    expect(result).toMatchObject({
      kind: 'active',
      token: { clientId: 'app', patient: 'p1', fhirUser: 'Practitioner/1', sub: 'u', exp: 2000 },
    });
    expect(result.kind === 'active' && result.token.scopes.map(({ text }) => text)).toEqual([
      'patient/Patient.rs',
    ]);
    const headers = new Headers(seen[0]?.init?.headers);
    expect(headers.get('authorization')).toBe(`Basic ${btoa('fhir%3Aserver:s+p%25c')}`);
    expect(seen[0]?.init?.body).toEqual(new URLSearchParams('token=abc&token_type_hint=access_token'));
  });

  test('[SEM-01] every request asks again: a revocation is seen at once', async () => {
    const answers = [ACTIVE, { active: false }];
    const introspect = introspector(async () => Response.json(answers.shift()));
    expect((await introspect('abc')).kind).toBe('active');
    expect((await introspect('abc')).kind).toBe('inactive');
  });

  test.each([
    // requirement  answer                                       result
    ['SEM-01', { active: false }, 'inactive'],
    ['SEM-01', { ...ACTIVE, exp: 1000 }, 'inactive'],
    ['SEM-01', { ...ACTIVE, exp: 1001 }, 'active'],
    ['SEM-02', { ...ACTIVE, aud: `${FHIR_BASE}/` }, 'active'],
    ['SEM-02', { ...ACTIVE, aud: ['https://else.example', FHIR_BASE] }, 'active'],
    ['SEM-02', { ...ACTIVE, aud: `${FHIR_BASE}//` }, 'inactive'],
    ['SEM-02', { ...ACTIVE, aud: 'https://ehr.example/fhir' }, 'inactive'],
    ['SEM-02', { ...ACTIVE, aud: [] }, 'inactive'],
    ['SEM-02', { ...ACTIVE, aud: undefined }, 'inactive'],
    ['SEM-25', { ...ACTIVE, scope: undefined }, 'unavailable'],
    ['SEM-25', { ...ACTIVE, exp: 'tomorrow' }, 'unavailable'],
    ['SEM-25', { ...ACTIVE, patient: 'Patient/p1' }, 'unavailable'],
    ['SEM-25', { active: 'true' }, 'unavailable'],
    ['SEM-25', [], 'unavailable'],
    ['SEM-25', '<html>', 'unavailable'],
  ])('[%s] %j is %s', async (_requirement, answer, kind) => {
    expect((await introspector(answering(200, answer))('abc')).kind).toBe(kind);
  });

  test.each([401, 403, 404, 429, 500, 503])(
    '[SEM-01] status %d of introspection is not about the token',
    async (s) => {
      expect(await introspector(answering(s, ACTIVE))('abc')).toEqual({
        kind: 'unavailable',
        detail: `introspection answered ${s}`,
      });
    },
  );

  test('[SEM-01] no network is unavailable, never inactive', async () => {
    const failing = introspector(async () => Promise.reject(new TypeError('fetch failed')));
    expect(await failing('abc')).toEqual({ kind: 'unavailable', detail: 'TypeError: fetch failed' });
  });
});

describe('createDiscoveryProxy', () => {
  test('[DISC-01] one fetch a minute, shared by concurrent callers; a failure is not kept', async () => {
    let now = 0;
    let calls = 0;
    const statuses = [500, 200, 200];
    const discover = createDiscoveryProxy({
      url: 'https://auth.example/smart',
      clock: () => now,
      fetch: async () => Response.json({ calls: ++calls }, { status: statuses.shift() ?? 200 }),
    });
    expect(await discover()).toEqual({ ok: false, detail: 'discovery answered 500' });
    const both = await Promise.all([discover(), discover()]);
    expect(both).toEqual([2, 2].map((n) => ({ ok: true, document: { calls: n } })));
    now = 59;
    expect(await discover()).toMatchObject({ document: { calls: 2 } });
    now = 60;
    expect(await discover()).toMatchObject({ document: { calls: 3 } });
  });

  test('[DISC-01] what is no JSON object is no document', async () => {
    const discover = (body: unknown) =>
      createDiscoveryProxy({ url: 'https://a.example', fetch: answering(200, body) });
    expect((await discover([])()).ok).toBe(false);
    expect((await discover('<html>')()).ok).toBe(false);
  });
});
