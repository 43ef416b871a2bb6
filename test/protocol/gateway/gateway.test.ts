import { beforeEach, describe, expect, test } from '@jest/globals';

import { gatewaySuite } from '../../support/gateway.ts';

const LAB = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
const observation = (id: string, patient: string, category = 'laboratory') => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  category: [{ coding: [{ system: LAB.split('|')[0], code: category }] }],
  code: { text: 'x' },
  subject: { reference: `Patient/${patient}` },
});

describe('the gateway in front of a FHIR server that knows no tokens', () => {
  const suite = gatewaySuite();
  const { ask } = suite;
  beforeEach(() => {
    const { upstream } = suite;
    upstream.stored.clear();
    upstream.seen.length = 0;
    upstream.answer(undefined);
    for (const id of ['p1', 'p2']) upstream.put({ resourceType: 'Patient', id, name: [{ text: id }] });
    upstream.put({ resourceType: 'Practitioner', id: 'd1' });
    for (const id of ['a', 'b', 'c']) upstream.put(observation(`${id}1`, 'p1'));
    for (const id of ['a', 'b', 'c']) upstream.put(observation(`${id}2`, 'p2'));
    upstream.put(observation('v1', 'p1', 'vital-signs'));
  });
  const ids = ({ json }: { json: { entry: { resource: { id: string } }[] } }): string[] =>
    json.entry.map(({ resource }) => resource.id);

  test('[DISC-01] [DISC-30] discovery and the CapabilityStatement are open, and say that SMART guards', async () => {
    const configuration = await ask(undefined, 'GET', '/.well-known/smart-configuration');
    expect(configuration.status).toBe(200);
    expect(configuration.headers.get('content-type')).toMatch(/^application\/json/);
    expect(configuration.json).toHaveProperty('token_endpoint');
    const { json, headers } = await ask(undefined, 'GET', '/metadata');
    expect(json.rest[0].security.service[0].coding[0].code).toBe('SMART-on-FHIR');
    expect(json.implementation.url).toBe(suite.base);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  test('[SEM-01] [SEM-03] without a good token nothing is asked of the server behind', async () => {
    for (const token of [undefined, 'nonsense', `gat_${'A'.repeat(54)}`]) {
      const { status, headers, json } = await ask(token, 'GET', '/Observation/a1');
      expect([status, json.resourceType]).toEqual([401, 'OperationOutcome']);
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    expect(suite.upstream.seen).toEqual([]);
  });

  test('[SEM-04] what no scope permits is 403, with the scope that would', async () => {
    const token = await suite.tokenOf('patient/Condition.rs');
    suite.upstream.seen.length = 0;
    const { status, headers } = await ask(token, 'GET', '/Observation?patient=p1');
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toMatch(/insufficient_scope.*scope="patient\/Observation\.rs"/);
    expect(suite.upstream.seen).toEqual([]);
  });

  test('[SEM-05] a patient’s app reads its own record, and learns nothing of another', async () => {
    const token = await suite.tokenOf('patient/*.rs');
    expect((await ask(token, 'GET', '/Observation/a1')).json.id).toBe('a1');
    const [theirs, nobodys] = [
      await ask(token, 'GET', '/Observation/a2'),
      await ask(token, 'GET', '/Observation/zz'),
    ];
    expect(theirs.status).toBe(404);
    expect(theirs.json).toEqual(nobodys.json);
    expect((await ask(token, 'GET', '/Patient/p2')).status).toBe(404);
    expect((await ask(token, 'GET', '/Patient/p1')).json.id).toBe('p1');
  });

  test('[SEM-05] a search is narrowed on its way, and looked at on its way back', async () => {
    const token = await suite.tokenOf('patient/*.rs');
    const found = await ask(token, 'GET', '/Observation?_sort=-date');
    expect(ids(found).sort()).toEqual(['a1', 'b1', 'c1', 'v1']);
    expect(found.json).not.toHaveProperty('total');
    expect(suite.upstream.seen.at(-1)!.url).toBe('/r4/Observation?_sort=-date&patient=p1');
    const form = await ask(token, 'POST', '/Observation/_search', { form: 'category=laboratory' });
    expect(ids(form).sort()).toEqual(['a1', 'b1', 'c1']);
    expect(suite.upstream.seen.at(-1)!.body).toBe('category=laboratory&patient=p1');
    expect(found.json.entry[0].fullUrl).toMatch(new RegExp(`^${suite.base}/Observation/`));
  });

  test('[SEM-14] a granular scope shows its category, whatever the search asks for', async () => {
    const token = await suite.tokenOf(`patient/Observation.rs?category=${LAB}`);
    expect(ids(await ask(token, 'GET', '/Observation?patient=p1')).sort()).toEqual(['a1', 'b1', 'c1']);
    expect((await ask(token, 'GET', '/Observation/v1')).status).toBe(404);
  });

  test('[SEM-05] a server that ignores what was added to a search gives nothing away', async () => {
    const token = await suite.tokenOf('patient/Observation.rs');
    suite.upstream.answer((_seen, response) => {
      const entry = [...suite.upstream.stored.values()].map((resource) => ({
        resource,
        search: { mode: 'match' },
      }));
      response.end(JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: entry.length, entry }));
    });
    expect(ids(await ask(token, 'GET', '/Observation')).sort()).toEqual(['a1', 'b1', 'c1', 'v1']);
  });

  test('[SEM-05] pages: the links are ours, and each page is looked at', async () => {
    const token = await suite.tokenOf('patient/Observation.rs');
    const doctor = await suite.doctorsToken('user/Observation.rs');
    const first = await ask(doctor, 'GET', '/Observation?_count=2');
    const next = (answer: { json: { link: { relation: string; url: string }[] } }): string =>
      answer.json.link.find(({ relation }) => relation === 'next')!.url;
    // What streams comes as it is; a server behind knows its public address.
    const link = next(first).replace(suite.upstream.url, suite.base);
    const second = await ask(doctor, 'GET', link.slice(suite.base.length));
    expect([...ids(first), ...ids(second)]).toEqual(['a1', 'b1', 'c1', 'a2']);
    expect(ids(await ask(token, 'GET', link.slice(suite.base.length)))).toEqual(['c1']);
    const own = await ask(token, 'GET', '/Observation?_count=2');
    expect(next(own)).toMatch(new RegExp(`^${suite.base}\\?_getpages=`));
    expect(ids(await ask(token, 'GET', next(own).slice(suite.base.length)))).toEqual(['c1', 'v1']);
    const noSearch = await suite.tokenOf('patient/Observation.r');
    expect((await ask(noSearch, 'GET', link.slice(suite.base.length))).status).toBe(403);
  });

  test('[SEM-05] a page of somebody else’s search, under the name of one’s own, shows no other type', async () => {
    const doctor = await suite.doctorsToken('user/Observation.rs');
    const system = await suite.systemToken('system/*.rs');
    const everybody = await ask(system, 'GET', '/Patient?_count=1&_include=Patient:x');
    const link = everybody.json.link.find(({ relation }: { relation: string }) => relation === 'next')
      .url as string;
    const id = new URL(link).searchParams.get('_getpages');
    suite.upstream.answer((_seen, response) => {
      const entry = [...suite.upstream.stored.values()].map((resource) => ({
        resource,
        search: { mode: 'match' },
      }));
      response.end(JSON.stringify({ resourceType: 'Bundle', type: 'searchset', entry }));
    });
    const { json } = await ask(doctor, 'GET', `/Observation?_getpages=${id}`);
    expect(
      new Set(
        json.entry.map(({ resource }: { resource: { resourceType: string } }) => resource.resourceType),
      ),
    ).toEqual(new Set(['Observation']));
  });

  test('[SEM-05] what says which page is taken in an address that is read, and refused anywhere else', async () => {
    const doctor = await suite.doctorsToken('user/Observation.rs');
    suite.upstream.seen.length = 0;
    const posted = await ask(doctor, 'POST', '/Observation/_search?_getpages=p1', { form: '' });
    const inForm = await ask(doctor, 'POST', '/Observation/_search', { form: '_getpages=p1' });
    const written = await ask(
      await suite.systemToken('system/*.cruds'),
      'DELETE',
      '/Observation/a1?_getpages=p1',
    );
    expect([posted.status, inForm.status, written.status]).toEqual([403, 403, 403]);
    expect(suite.upstream.seen).toEqual([]);
  });

  test('[SEM-19] what a write holds is judged under the widest scope too: it is what its address names', async () => {
    const system = await suite.systemToken('system/*.cruds');
    const wrong = await ask(system, 'POST', '/Observation', { body: { resourceType: 'Patient' } });
    expect(wrong.status).toBe(403);
    const right = await ask(system, 'POST', '/Observation', {
      body: { ...observation('', 'p2'), id: undefined },
    });
    expect([right.status, right.json.subject.reference]).toEqual([201, 'Patient/p2']);
    const condition = await ask(await suite.tokenOf('patient/Observation.cs'), 'POST', '/Observation', {
      body: { ...observation('', 'p1'), id: undefined },
      headers: { 'if-none-exist': 'code=1' },
    });
    expect(condition.status).toBe(201);
    expect(suite.upstream.seen.at(-1)!.headers['if-none-exist']).toBe('code=1&patient=p1');
  });

  test('what streams comes as it is, and says nothing of the server behind', async () => {
    const token = await suite.systemToken('system/*.rs');
    const { status, headers, json } = await ask(token, 'GET', '/Observation/a2', {
      headers: { cookie: 'x=1', 'x-http-method-override': 'DELETE', 'x-forwarded-host': 'evil' },
    });
    expect([status, json.id, headers.get('etag'), headers.get('x-powered-by')]).toEqual([
      200,
      'a2',
      'W/"1"',
      null,
    ]);
    const { headers: passed } = suite.upstream.seen.at(-1)!;
    for (const name of ['authorization', 'cookie', 'x-http-method-override'])
      expect(passed).not.toHaveProperty(name);
    expect(passed['x-forwarded-host']).toBe(new URL(suite.base).host);
    expect(passed['x-request-id']).toBe(headers.get('x-request-id'));
  });

  test('[SEM-19] a content that says one thing twice is refused: servers do not agree on which counts', async () => {
    const [own, system] = [
      await suite.tokenOf('patient/Observation.c'),
      await suite.systemToken('system/*.cruds'),
    ];
    suite.upstream.seen.length = 0;
    const send = async (token: string, path: string, body: string): Promise<unknown[]> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' };
      const response = await fetch(suite.base + path, { method: 'POST', headers, body });
      const { issue } = (await response.json()) as { issue: { diagnostics: string }[] };
      return [response.status, issue[0]?.diagnostics];
    };
    const subjects = '"subject":{"reference":"Patient/p2"},"\\u0073ubject":{"reference":"Patient/p1"}';
    const twice = `{"resourceType":"Observation","status":"final",${subjects}}`;
    const told = [400, 'the content has "subject" twice in one object'];
    expect(await send(own, '/Observation', twice)).toEqual(told);
    expect(await send(system, '/Observation', twice)).toEqual(told);
    const entry = `{"request":{"method":"POST","url":"Observation"},"resource":${twice}}`;
    const batch = `{"resourceType":"Bundle","type":"batch","entry":[${entry}]}`;
    expect(await send(own, '', batch)).toEqual(told);
    expect(await send(system, '', batch)).toEqual(told);
    expect(suite.upstream.seen).toEqual([]);
  });

  test('[SEM-19] no header and no parameter we do not know reaches the server behind', async () => {
    const token = await suite.systemToken('system/*.cruds');
    const traced = { traceparent: '00-1-2-01', 'if-match': 'W/"1"', prefer: 'return=minimal' };
    const odd = { 'x-cascade': 'delete', 'x-cascade-delete': '1', 'x-provenance': '{}', 'x-anything': '1' };
    const { status } = await ask(token, 'DELETE', '/Observation/a2', { headers: { ...traced, ...odd } });
    expect(status).toBe(204);
    const { headers } = suite.upstream.seen.at(-1)!;
    expect(headers).toMatchObject(traced);
    for (const name of Object.keys(odd)) expect(headers).not.toHaveProperty(name);
    suite.upstream.seen.length = 0;
    for (const query of ['hardDelete=true', '_cascade=delete', 'foo=1'])
      expect((await ask(token, 'DELETE', `/Observation/b2?${query}`)).status).toBe(403);
    expect(suite.upstream.seen).toEqual([]);
  });

  test('[SEM-19] writes: old and new content within the scope, bound to the version that was seen', async () => {
    const token = await suite.tokenOf('patient/Observation.cud');
    const made = await ask(token, 'POST', '/Observation', {
      body: { ...observation('', 'p1'), id: undefined },
    });
    expect([made.status, made.json]).toEqual([201, undefined]);
    expect(made.headers.get('location')).toMatch(new RegExp(`^${suite.base}/Observation/new-`));
    expect((await ask(token, 'POST', '/Observation', { body: observation('x', 'p2') })).status).toBe(403);

    const updated = await ask(token, 'PUT', '/Observation/a1', {
      body: { ...observation('a1', 'p1'), status: 'amended' },
    });
    expect([updated.status, updated.json]).toEqual([200, undefined]);
    expect(suite.upstream.seen.at(-1)!.headers).toMatchObject({
      'if-match': 'W/"1"',
      prefer: 'return=minimal',
    });
    // Into another record, and out of one.
    expect((await ask(token, 'PUT', '/Observation/a1', { body: observation('a1', 'p2') })).status).toBe(403);
    expect((await ask(token, 'PUT', '/Observation/a2', { body: observation('a2', 'p1') })).status).toBe(404);
    expect(suite.upstream.stored.get('Observation/a2')).toMatchObject({
      subject: { reference: 'Patient/p2' },
    });
    expect(
      (
        await ask(token, 'PUT', '/Observation/a1', {
          body: observation('a1', 'p1'),
          headers: { 'if-match': 'W/"1"' },
        })
      ).status,
    ).toBe(412);

    expect((await ask(token, 'DELETE', '/Observation/a2')).status).toBe(404);
    expect((await ask(token, 'DELETE', '/Observation/a1')).status).toBe(204);
    expect(
      (
        await ask(token, 'PATCH', '/Observation/b1', {
          body: [],
          headers: { 'content-type': 'application/json-patch+json' },
        })
      ).status,
    ).toBe(403);
    expect((await ask(token, 'DELETE', '/Observation?patient=p1')).status).toBe(403);
    expect(suite.upstream.stored.has('Observation/a2')).toBe(true);
  });

  test('[SEM-11] a batch is taken apart where an entry has to be filtered; a transaction is refused', async () => {
    const token = await suite.tokenOf('patient/*.rs');
    const get = (url: string) => ({ request: { method: 'GET', url } });
    const entry = [
      get('Observation/a1'),
      get('Observation/a2'),
      get('Observation?category=laboratory'),
      { request: { method: 'DELETE', url: 'Observation/a1' } },
    ];
    const { status, json } = await ask(token, 'POST', '', {
      body: { resourceType: 'Bundle', type: 'batch', entry },
    });
    expect(status).toBe(200);
    expect(json.entry.map((one: { response: { status: string } }) => one.response.status)).toEqual([
      '200',
      '404',
      '200',
      '403',
    ]);
    expect(ids({ json: json.entry[2].resource }).sort()).toEqual(['a1', 'b1', 'c1']);
    const transaction = { resourceType: 'Bundle', type: 'transaction', entry: [get('Observation/a1')] };
    expect((await ask(token, 'POST', '', { body: transaction })).status).toBe(403);
    const whole = await suite.systemToken('system/*.cruds');
    const through = await ask(whole, 'POST', '', { body: transaction });
    expect(through.json.entry[0].resource.id).toBe('a1');
    expect(suite.upstream.seen.at(-1)!.url).toBe('/r4');
  });

  test('an answer too long to be filtered is refused, and one that needs no filtering is not', async () => {
    const big = JSON.stringify({
      resourceType: 'Bundle',
      type: 'searchset',
      entry: [{ resource: { ...observation('a1', 'p1'), note: 'x'.repeat(11 * 1024 * 1024) } }],
    });
    suite.upstream.answer((_seen, response) => response.end(big));
    const refused = await ask(await suite.tokenOf('patient/Observation.rs'), 'GET', '/Observation');
    expect([refused.status, refused.json.issue[0].code]).toEqual([422, 'too-long']);
    const whole = await ask(await suite.systemToken('system/*.rs'), 'GET', '/Observation');
    expect([whole.status, whole.json.entry[0].resource.id]).toEqual([200, 'a1']);
  });

  test('[SEM-15] a refusal of the server behind says no more than it may, and its absence is 502', async () => {
    const token = await suite.tokenOf('patient/Observation.rs');
    suite.upstream.answer((_seen, response) => response.writeHead(410).end('{}'));
    expect((await ask(token, 'GET', '/Observation/a2')).status).toBe(404);
    suite.upstream.answer((_seen, response) => response.writeHead(401).end('{}'));
    expect((await ask(token, 'GET', '/Observation/a1')).status).toBe(502);
    suite.upstream.answer((_seen, response) => response.destroy());
    for (const path of ['/Observation/a1', '/Observation'])
      expect((await ask(token, 'GET', path)).status).toBe(502);
    const system = await suite.systemToken('system/*.rs');
    expect((await ask(system, 'GET', '/Observation/a1')).status).toBe(502);
  });

  test('[GEN-05] what is no FHIR interaction, and odd spellings, lead nowhere', async () => {
    const token = await suite.systemToken('system/*.rs');
    for (const path of [
      '/../admin',
      '/Observation/a1/../../admin',
      '/observation',
      '/Observation//a1',
      '/%4fbservation/a1',
      '/Observation/..',
      '/anything',
    ])
      expect([path, (await rawAsk(path, token)).status]).toEqual([path, 404]);
    expect(suite.upstream.seen).toEqual([]);
  });

  /** `fetch` would tidy the address up. */
  async function rawAsk(path: string, token: string): Promise<{ status: number }> {
    const { request } = await import('node:http');
    const { hostname, port, pathname } = new URL(suite.base);
    return new Promise((resolve, reject) => {
      const sent = request(
        { hostname, port, path: pathname + path, headers: { authorization: `Bearer ${token}` } },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0 });
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  test('GET /check, as nginx asks it', async () => {
    const root = suite.base.replace(/\/fhir$/, '');
    const check = async (token: string | undefined, method: string, uri: string): Promise<number> => {
      const headers = {
        'x-original-method': method,
        'x-original-uri': uri,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      return (await fetch(`${root}/check`, { headers })).status;
    };
    const [amy, system] = [await suite.tokenOf('patient/*.rs'), await suite.systemToken('system/*.rs')];
    expect(await check(undefined, 'GET', '/fhir/Observation/a1')).toBe(401);
    expect(await check(system, 'GET', '/fhir/Observation/a1')).toBe(204);
    expect(await check(system, 'DELETE', '/fhir/Observation/a1')).toBe(403);
    expect(await check(amy, 'GET', '/fhir/Observation?patient=p1')).toBe(204);
    expect(await check(amy, 'GET', '/fhir/Observation')).toBe(403);
    expect(await check(amy, 'GET', '/fhir/Observation/a1')).toBe(403);
    expect(await check(system, 'GET', '/admin')).toBe(403);
    expect(await check(undefined, 'GET', '/fhir/metadata')).toBe(204);
    // Nobody looks at the page of somebody else's search.
    const doctor = await suite.doctorsToken('user/Observation.rs');
    expect(await check(doctor, 'GET', '/fhir/Observation')).toBe(204);
    expect(await check(doctor, 'GET', '/fhir/Observation?_getpages=p1')).toBe(403);
    expect(await check(doctor, 'GET', '/fhir?_getpages=p1')).toBe(403);
    expect(await check(system, 'GET', '/fhir?_getpages=p1')).toBe(204);
    expect((await fetch(`${root}/check`)).status).toBe(400);
    // What comes beside the matches is narrowed by no query.
    const beside = '_revinclude=Observation:subject';
    const own = await suite.tokenOf('patient/Patient.rs');
    const wholeType = await suite.doctorsToken('user/Patient.rs');
    expect(await check(own, 'GET', '/fhir/Patient?_id=p1')).toBe(204);
    expect(await check(own, 'GET', `/fhir/Patient?_id=p1&${beside}`)).toBe(403);
    expect(await check(wholeType, 'GET', `/fhir/Patient?${beside}`)).toBe(403);
    expect(await check(system, 'GET', `/fhir/Patient?${beside}`)).toBe(204);
  });

  test('[SEM-13] GET /check takes If-None-Exist for the search it is', async () => {
    const root = suite.base.replace(/\/fhir$/, '');
    const create = async (
      token: string,
      ifNoneExist?: string,
      uri = '/fhir/Observation',
    ): Promise<number> => {
      const asked = { 'x-original-method': 'POST', 'x-original-uri': uri };
      const condition = ifNoneExist === undefined ? {} : { 'if-none-exist': ifNoneExist };
      const headers = { ...asked, ...condition, authorization: `Bearer ${token}` };
      return (await fetch(`${root}/check`, { headers })).status;
    };
    const blind = await suite.systemToken('system/Observation.cr');
    // What it writes may hold searches, and nobody sees it there.
    expect([await create(blind), await create(blind, 'code=1')]).toEqual([403, 403]);
    const sighted = await suite.systemToken('system/*.crs');
    expect(await create(sighted)).toBe(204);
    expect([await create(sighted, 'code=1'), await create(sighted, '')]).toEqual([204, 403]);
    const own = await suite.tokenOf('patient/Observation.crs');
    expect(await create(own, 'code=1&patient=p1', '/fhir/Observation?patient=p1')).toBe(403);
  });

  test('numbers go through digit by digit, in a resource, a search and a batch', async () => {
    const token = await suite.tokenOf('patient/Observation.cruds');
    const text = '{"resourceType":"Observation","id":"n1","subject":{"reference":"Patient/p1"},"value":6.30}';
    const bundle = `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":${text}}]}`;
    suite.upstream.answer((seen, response) => {
      response.writeHead(200, { 'content-type': 'application/fhir+json', etag: 'W/"1"' });
      response.end(seen.method === 'GET' && !seen.url.includes('/n1') ? bundle : text);
    });
    const headers = { authorization: `Bearer ${token}`, accept: 'application/fhir+json' };
    const sent = async (path: string, init: RequestInit = {}): Promise<string> =>
      (await fetch(suite.base + path, { ...init, headers: { ...headers, ...init.headers } })).text();
    expect(await sent('/Observation/n1')).toContain('"value":6.30');
    expect(await sent('/Observation')).toContain('"value":6.30');
    const entry = `{"request":{"method":"POST","url":"Observation"},"resource":${text.replace('"id":"n1",', '')}}`;
    suite.upstream.seen.length = 0;
    await sent('', {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: `{"resourceType":"Bundle","type":"batch","entry":[${entry}]}`,
    });
    expect(suite.upstream.seen.map(({ body }) => body).join()).toContain('"value":6.30');
    suite.upstream.answer(undefined);
  });

  test('what was done and refused is in the audit log, by person and type, without a token', async () => {
    const token = await suite.tokenOf('patient/Observation.rs');
    for (let count = 0; count < 3; count += 1) await ask(token, 'GET', '/Observation/a1');
    await ask(token, 'GET', '/Condition');
    await suite.flush();
    const mine = suite.audit.filter(
      (event) => event.type === 'fhir.access' && event.clientId === 'public-app' && event.patient === 'p1',
    );
    expect(mine).toContainEqual(
      expect.objectContaining({
        outcome: 'refused',
        interaction: 'search-type',
        resourceType: 'Condition',
        reason: expect.stringMatching(/no granted scope/),
      }),
    );
    expect(mine).toContainEqual(
      expect.objectContaining({
        outcome: 'success',
        interaction: 'read',
        resourceType: 'Observation',
        accountId: expect.any(String),
      }),
    );
    expect(JSON.stringify(suite.audit)).not.toMatch(/gat_|gbt_/);
  });

  test('[SEM-15] the audit log tells what became of it: refused and failed is no success', async () => {
    const token = await suite.tokenOf('patient/Observation.rs');
    suite.audit.length = 0;
    const told = async (): Promise<unknown[]> => {
      await suite.flush();
      return suite.audit
        .splice(0)
        .filter((event) => event.type === 'fhir.access')
        .map((event) => [event.outcome, event.interaction, event.count, event.reason]);
    };
    await told();
    await ask(token, 'GET', '/Observation/a1');
    await ask(token, 'GET', '/Observation/a2');
    await ask(token, 'GET', '/Observation/none');
    await ask(token, 'GET', '/Observation', { headers: { accept: 'application/fhir+xml' } });
    const outOfReach = 'it is there, and this token may not see it';
    expect(await told()).toEqual([
      ['success', 'read', 1, undefined],
      ['refused', 'read', 1, outOfReach],
      ['refused', 'read', 1, 'answered 404'],
      ['refused', 'search-type', 1, 'answered 406'],
    ]);
    const get = (url: string) => ({ request: { method: 'GET', url } });
    const entry = [get('Observation/a1'), get('Observation/a2'), get('Condition/c1')];
    await ask(token, 'POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } });
    expect((await told()).sort()).toEqual([
      ['refused', 'read', 1, outOfReach],
      ['refused', 'read', 1, expect.stringMatching(/no granted scope permits/)],
      ['success', 'read', 1, undefined],
    ]);
    const system = await suite.systemToken('system/*.rs');
    const whole = [get('Observation/a1'), get('Observation/none')];
    await ask(system, 'POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry: whole } });
    await ask(system, 'GET', '/Observation/none');
    expect(await told()).toEqual([
      ['success', 'read', 1, undefined],
      ['refused', 'read', 2, 'answered 404'],
    ]);
    suite.upstream.answer((_seen, response) => response.destroy());
    await ask(token, 'GET', '/Observation/a1');
    expect(await told()).toEqual([['failure', 'read', 1, 'nobody knows what became of it']]);
  });
});
