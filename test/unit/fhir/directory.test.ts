import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FhirUnavailable, createFhirDirectory, type FhirDirectory } from '../../../src/fhir/index.ts';

const asked: IncomingMessage[] = [];
let answer: RequestListener;
const server = createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});
let base: string;
let directory: FhirDirectory;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir/r4`;
  directory = createFhirDirectory(base, async () => 'own-token');
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const json =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(body));
  };
const bundleOf = (resources: readonly unknown[], next?: string): unknown => ({
  resourceType: 'Bundle',
  entry: resources.map((resource) => ({ resource })),
  ...(next === undefined ? {} : { link: [{ relation: 'next', url: next }] }),
});
const patientOf = (more: object = {}): object => ({ resourceType: 'Patient', id: 'p1', ...more });
const lastUrl = (): URL => new URL(asked.at(-1)?.url ?? '', base);

describe('searchPatients', () => {
  test.each([
    ['ada example', ['name=ada', 'name=example']],
    ['1032702', ['identifier=1032702']],
    ['MRN-1032702 shaw', ['identifier=MRN-1032702', 'name=shaw']],
    ['shaw 2008-03-20', ['name=shaw', 'birthdate=2008-03-20']],
    ['2008-03', ['birthdate=2008-03']],
    ['3.7.2008', ['birthdate=2008-07-03']],
    ['ليلى', ['name=%D9%84%D9%8A%D9%84%D9%89']],
    ['a b c d e f g', ['name=a', 'name=b', 'name=c', 'name=d', 'name=e', 'name=f']],
    [' & , ', []],
    ['x&identifier=1', ['name=x%26identifier%3D1']],
  ])('“%s” is looked for as %j', async (query, expected) => {
    answer = json(bundleOf([]));
    await directory.searchPatients(query);
    const sent = lastUrl().search.slice(1).split('&');
    expect(sent.filter((one) => !one.startsWith('_'))).toEqual(expected);
  });

  test('[CONS-04] ten patients by name, with our own token', async () => {
    answer = json(
      bundleOf([patientOf({ name: [{ given: ['Ada'], family: 'Example' }], birthDate: '1970-01-02' })]),
    );
    expect(await directory.searchPatients('  ada &  ')).toEqual({
      patients: [{ id: 'p1', name: 'Ada Example', birthDate: '1970-01-02' }],
    });
    expect(lastUrl().pathname).toBe('/fhir/r4/Patient');
    expect(Object.fromEntries(lastUrl().searchParams)).toEqual({
      name: 'ada',
      _count: '10',
      _sort: 'name',
    });
    expect(asked[0]?.headers).toMatchObject({
      authorization: 'Bearer own-token',
      accept: 'application/fhir+json',
    });
  });

  test('[CONS-04] without a name it asks for everyone; nobody is an answer too', async () => {
    answer = json({ resourceType: 'Bundle' });
    expect(await directory.searchPatients(' ')).toEqual({ patients: [] });
    expect(lastUrl().searchParams.has('name')).toBe(false);
  });

  test.each([
    ['CONS-04', { name: [{ given: ['Old'] }, { use: 'official', text: 'Ada Official' }] }, 'Ada Official'],
    ['CONS-04', { name: [{ family: 'Example' }] }, 'Example'],
    ['CONS-04', { name: [] }, 'Patient p1'],
    ['CONS-04', {}, 'Patient p1'],
    ['SEC-13', { name: [{ text: 'A\u202edA\u2066\u200f\u061c' }] }, 'AdA'],
    ['SEC-13', { name: [{ text: 'Ada\r\n\u0000\u001b[31m Example' }] }, 'Ada[31m Example'],
    ['SEC-13', { name: [{ given: ['\u202eAda'], family: 'Ex\u0007ample' }] }, 'Ada Example'],
    ['SEC-13', { name: [{ text: 'x'.repeat(500) }] }, 'x'.repeat(120)],
    ['A081', { name: [{ text: '<b>Ada</b>' }] }, '<b>Ada</b>'],
  ])('[%s] %j is shown as %j', async (_requirement, more, name) => {
    answer = json(bundleOf([patientOf(more)]));
    expect((await directory.searchPatients('')).patients).toEqual([{ id: 'p1', name }]);
  });

  test('[SEC-13] nothing else that is shown turns the text around or breaks the line', async () => {
    const identifier = [
      { value: 'other' },
      { value: '12\u202e34\n', type: { coding: [{ code: 'SS' }, { code: 'MR' }] } },
    ];
    answer = json(
      bundleOf([patientOf({ birthDate: '1970\u202e-01\n', gender: 'fe\u2067male', identifier })]),
    );
    const { patients } = await directory.searchPatients('');
    expect(patients).toEqual([
      { id: 'p1', name: 'Patient p1', birthDate: '1970-01', sex: 'female', mrn: '1234' },
    ]);
  });

  test('[CONS-04] an outcome or an included resource among the matches is not a patient', async () => {
    answer = json(
      bundleOf([
        { resourceType: 'OperationOutcome', issue: [] },
        patientOf(),
        { resourceType: 'Practitioner', id: 'd' },
      ]),
    );
    expect((await directory.searchPatients('')).patients.map(({ id }) => id)).toEqual(['p1']);
  });
});

describe('the next page', () => {
  test.each([
    ['with a path', () => `${base}/Patient?_page=2&x=a%20b`, '/fhir/r4/Patient?_page=2&x=a%20b'],
    ['on the base itself', () => `${base}?_getpages=abc`, '/fhir/r4/?_getpages=abc'],
  ])('[CONS-04] %s is fetched from where the server says', async (_what, link, path) => {
    answer = json(bundleOf([], link()));
    const { next } = await directory.searchPatients('');
    expect(next).toBe(link());
    await directory.searchPatients('', next);
    expect(asked.map(({ url }) => url)).toEqual([expect.stringContaining('/fhir/r4/Patient?'), path]);
  });

  test.each([
    ['another host', () => 'https://evil.example/fhir/r4/Patient?page=2'],
    ['another port', () => base.replace(/:\d+/, ':1')],
    ['another path', () => base.replace('/r4', '/r5/Patient?page=2')],
    ['a longer name', () => `${base}-evil/Patient?page=2`],
    ['a host made of ours', () => `${base.replace('/fhir/r4', '.evil.example/fhir/r4')}/Patient`],
    ['a user name made of ours', () => `${base.replace('/fhir/r4', '')}@evil.example/fhir/r4/Patient`],
    ['a way up', () => `${base}/../../admin?x=1`],
    ['an encoded way up', () => `${base}/%2e%2e/r5/Patient`],
    ['a relative link', () => 'Patient?page=2'],
    ['nothing', () => ''],
  ])('a link to %s gets no token', async (_where, link) => {
    answer = json(bundleOf([]));
    await expect(directory.searchPatients('', link())).rejects.toThrow(
      new FhirUnavailable('the FHIR server links to pages outside itself'),
    );
    expect(asked).toEqual([]);
  });

  test('[A154] a redirect is not followed', async () => {
    answer = (_request, response) => response.writeHead(302, { location: `${base}/elsewhere` }).end();
    await expect(directory.searchPatients('')).rejects.toThrow(FhirUnavailable);
    expect(asked).toHaveLength(1);
  });
});

describe('readPatient', () => {
  test('[CONS-06] one patient by id', async () => {
    answer = json(patientOf());
    expect(await directory.readPatient('p1')).toEqual({ id: 'p1', name: 'Patient p1' });
    expect(lastUrl().pathname).toBe('/fhir/r4/Patient/p1');
  });

  test.each([404, 410])('[CONS-06] %d means there is no such patient', async (status) => {
    answer = json({ resourceType: 'OperationOutcome' }, status);
    expect(await directory.readPatient('p9')).toBeUndefined();
  });

  test('[CONS-06] an id cannot lead out of Patient', async () => {
    answer = json({}, 404);
    await directory.readPatient('../Practitioner/d1?x#y');
    expect(asked[0]?.url).toBe('/fhir/r4/Patient/..%2FPractitioner%2Fd1%3Fx%23y');
  });

  test('[CTX-01] what has no FHIR id is nobody to put in context', async () => {
    answer = json(patientOf({ id: 'p1/../p2' }));
    await expect(directory.readPatient('p1')).rejects.toThrow(FhirUnavailable);
  });
});

describe('encountersOf', () => {
  const encounterOf = (more: object = {}): object => ({
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    ...more,
  });

  test.each([
    [{ type: [{ text: 'Check\u202e-up' }] }, 'Check-up'],
    [{ type: [{ coding: [{ display: 'Visit to the doctor' }] }] }, 'Visit to the doctor'],
    [{ class: { display: 'ambulatory', code: 'AMB' } }, 'ambulatory'],
    [{ class: { code: 'AMB' } }, 'AMB'],
    [{}, 'Visit'],
  ])('[CAP-13] %j is shown as %s', async (more, label) => {
    answer = json(bundleOf([encounterOf(more), { resourceType: 'OperationOutcome' }]));
    expect(await directory.encountersOf('p1')).toEqual([{ id: 'e1', label, status: 'finished' }]);
  });

  test('[CAP-13] newest first, ten at most, of this patient', async () => {
    answer = json(bundleOf([encounterOf({ period: { start: '2026-01-02T03:04:05Z' } })]));
    expect(await directory.encountersOf('p1&x=1')).toEqual([
      { id: 'e1', label: 'Visit', status: 'finished', start: '2026-01-02T03:04:05Z' },
    ]);
    expect(Object.fromEntries(lastUrl().searchParams)).toEqual({
      patient: 'p1&x=1',
      _count: '10',
      _sort: '-date',
    });
  });
});

describe('[F31] when the FHIR server cannot answer', () => {
  const ways: readonly (readonly [string, RequestListener])[] = [
    ['says 500', json({ resourceType: 'OperationOutcome' }, 500)],
    ['says 401', json({ resourceType: 'OperationOutcome' }, 401)],
    ['sends something that is not FHIR', json({ hello: 'world' })],
    ['sends null', json(null)],
    ['sends a page of HTML', (_request, response) => void response.end('<html>maintenance</html>')],
    ['hangs up', (_request, response) => void response.destroy()],
    ['hangs up in the middle', (_request, response) => halfAnAnswer(response, () => response.destroy())],
  ];
  test.each(ways)('[F31] because it %s, that is what everyone hears', async (_what, listener) => {
    answer = listener;
    await expect(directory.searchPatients('ada')).rejects.toThrow(FhirUnavailable);
    await expect(directory.readPatient('p1')).rejects.toThrow(FhirUnavailable);
    await expect(directory.encountersOf('p1')).rejects.toThrow(FhirUnavailable);
  });

  test('[F31] because nobody listens', async () => {
    const nobody = createFhirDirectory('http://127.0.0.1:1/fhir', async () => 'own-token');
    await expect(nobody.readPatient('p1')).rejects.toThrow(FhirUnavailable);
  });

  // The real limit is four seconds; here the same signal fires after 50 ms.
  test.each<[string, RequestListener]>([
    ['before the answer', () => undefined],
    ['in the middle of it', (_request, response) => halfAnAnswer(response)],
  ])('[F30] because it takes too long %s', async (_when, listener) => {
    answer = listener;
    const impatient = createFhirDirectory(
      base,
      async () => 'own-token',
      (url, init) => {
        expect(init?.signal?.aborted).toBe(false);
        return fetch(url, { ...init, signal: AbortSignal.timeout(50) });
      },
    );
    await expect(impatient.readPatient('p1')).rejects.toThrow(FhirUnavailable);
  });

  test('[F31] the report names neither token nor patient', async () => {
    answer = json({}, 503);
    const error = await directory.searchPatients('Ada Example').catch((reason: unknown) => reason);
    expect(error).toEqual(new FhirUnavailable('GET Patient answered 503'));
  });
});

function halfAnAnswer(response: ServerResponse, whenSent: () => void = () => undefined): void {
  response.writeHead(200, { 'content-type': 'application/fhir+json' });
  response.write('{"resourceType":"Pat', () => setImmediate(whenSent));
}
