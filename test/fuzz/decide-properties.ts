import assert from 'node:assert/strict';
import fc from 'fast-check';

import {
  decide,
  type FhirRequest,
  type FhirResource,
  type TokenInfo,
} from '../../src/resource-server/index.ts';
import type { ResourceScope } from '../../src/smart/index.ts';
import { nearbyScopes, textOf } from '../unit/smart/arbitraries.ts';
import { tokenOf } from '../unit/resource-server/token-of.ts';
import { property, type Property } from './property.ts';

const MINE = 'p1';
const types = fc.constantFrom('Observation', 'Condition');

/** A resource of a small world, in which everything meets a scope now and then. */
interface Thing extends FhirResource {
  readonly id: string;
  readonly subject?: { readonly reference: string };
  readonly category?: readonly object[];
  readonly status?: string;
}

const thing: fc.Arbitrary<Thing> = fc
  .record({
    resourceType: types,
    whose: fc.constantFrom(
      `Patient/${MINE}`,
      'Patient/p2',
      `https://other.example/Patient/${MINE}`,
      undefined,
    ),
    categories: fc.subarray(['lab', 'vital-signs', 'lab&status=final']),
    status: fc.constantFrom('final', 'draft', undefined),
  })
  .map(({ resourceType, whose, categories, status }) => ({
    ...{ resourceType, id: 'x1' },
    ...(whose === undefined ? {} : { subject: { reference: whose } }),
    ...(categories.length === 0
      ? {}
      : { category: categories.map((code) => ({ coding: [{ system: 'urn:kinds', code }] })) }),
    ...(status === undefined ? {} : { status }),
  }));

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get', ''];
const parts = [
  ...['Observation', 'Condition', 'Patient', 'Binary', '*', 'metadata', '_search', '_history', '$everything'],
  ...['x1', MINE, '..', '%2e%2e', '%2F', '', 'Observation%3F', '$graphql', '1'],
];
const parameters = [
  ...[
    '_id=x1',
    'patient=p2',
    'patient=Patient/p1',
    'subject:Patient.name=a',
    '_has:Condition:subject:code=1',
  ],
  ...['_include=*', '_revinclude=Provenance:target', '_summary=count', '_total=accurate', '_elements=id'],
  ...['category=lab', 'category:not=lab', '_filter=status eq final', '_list=1', '_query=q', 'code=a,b'],
  ...['_type=Patient', '_format=json', '__proto__=1', '=', '_sort=patient.name', 'onset:missing=true'],
];

/** Any request at all; some of it is FHIR. */
const anything: fc.Arbitrary<FhirRequest> = fc
  .record({
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...methods) }, fc.string({ maxLength: 5 })),
    path: fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...parts) }, fc.string({ maxLength: 8 })),
      {
        maxLength: 5,
      },
    ),
    query: fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...parameters) }, fc.string()), {
      maxLength: 4,
    }),
    contentType: fc.constantFrom(undefined, 'application/fhir+json', 'application/x-www-form-urlencoded'),
    form: fc.option(fc.constantFrom(...parameters), { nil: undefined }),
    body: fc.oneof(thing, fc.jsonValue(), fc.constant(undefined)),
    ifNoneExist: fc.option(fc.constantFrom(...parameters), { nil: undefined }),
  })
  .map(({ path, query, form, ...request }) => ({
    ...request,
    pathBelowBase: `/${path.join('/')}`,
    query: new URLSearchParams(query.join('&')),
    form: form === undefined ? undefined : new URLSearchParams(form),
  }));

const tokens: fc.Arbitrary<readonly [readonly ResourceScope[], boolean]> = fc.tuple(
  nearbyScopes,
  fc.boolean(),
);

function tokenWith(scopes: readonly ResourceScope[], hasPatient: boolean): TokenInfo {
  return tokenOf(textOf(scopes), hasPatient ? { patient: MINE } : {});
}

/** What the words of the specification say of one scope and one resource, written here once more and simply. */
function gives(scope: ResourceScope, letter: string, resource: Thing, patient: string | undefined): boolean {
  const codes = (resource.category ?? []).flatMap((one) => JSON.stringify(one));
  const meets = scope.constraints.every(({ param, value }) =>
    param === 'status'
      ? resource.status === value
      : codes.some((one) => one.includes(`:${JSON.stringify(value)}`)),
  );
  const isTheirs = patient !== undefined && resource.subject?.reference === `Patient/${patient}`;
  return (
    scope.permissions.has(letter as 'r') &&
    (scope.resourceType === '*' || scope.resourceType === resource.resourceType) &&
    (scope.level !== 'patient' || isTheirs) &&
    meets
  );
}

const LOOKS = [
  { letter: 'r', at: (type: string) => `/${type}/x1` },
  { letter: 's', at: (type: string) => `/${type}` },
  { letter: 'r', at: (type: string) => `/${type}/x1/_history` },
] as const;
const looks = fc.constantFrom(...LOOKS);

/** What goes by the type alone: chains and conditions may be bound by one scope, and by no query where there are two. */
const plainRequest: fc.Arbitrary<FhirRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'PUT', 'DELETE'),
    type: types,
    rest: fc.constantFrom('', '/x1', '/_history', '/x1/_history', '/x1/_history/1'),
    query: fc.subarray([
      'category=lab',
      '_id=x1',
      'code=a,b',
      'patient=Patient/p1',
      '_sort=date',
      '_format=json',
    ]),
  })
  .map(({ method, type, rest, query }) => ({
    method,
    pathBelowBase: `/${type}${method === 'GET' ? rest : '/x1'}`,
    query: new URLSearchParams(method === 'GET' ? query.join('&') : ''),
  }));

function looked(token: TokenInfo, pathBelowBase: string, resource: Thing): boolean {
  const decision = decide(token, { method: 'GET', pathBelowBase, query: new URLSearchParams() });
  if (!decision.allowed) return false;
  return !decision.check.includes('answer') || decision.visible(resource);
}

export const DECIDE_PROPERTIES: readonly Property[] = [
  property(
    {
      name: 'seen',
      requirements: '[SEM-05] [SEM-09] [SEM-10] [SEM-14]',
      promise: 'of a read, a history and a search exactly that is seen which one of the scopes gives',
    },
    fc.tuple(tokens, looks, thing),
    ([[scopes, hasPatient], { letter, at }, resource]) => {
      const patient = hasPatient ? MINE : undefined;
      const expected = scopes.some((scope) => gives(scope, letter, resource, patient));
      assert.equal(looked(tokenWith(scopes, hasPatient), at(resource.resourceType), resource), expected);
    },
  ),
  property(
    {
      name: 'written',
      requirements: '[SEM-13] [SEM-19]',
      promise: 'content is written only where one scope gives it, as it was and as it will be',
    },
    fc.tuple(tokens, thing, thing),
    ([[scopes, hasPatient], before, after]) => {
      const body = { ...after, resourceType: before.resourceType };
      const request = {
        method: 'PUT',
        pathBelowBase: `/${before.resourceType}/x1`,
        query: new URLSearchParams(),
      };
      const decision = decide(tokenWith(scopes, hasPatient), { ...request, body });
      const patient = hasPatient ? MINE : undefined;
      const given = (one: Thing): boolean => scopes.some((scope) => gives(scope, 'u', one, patient));
      const isWritten =
        decision.allowed &&
        (!decision.check.includes('before') || decision.visible(before)) &&
        (!decision.check.includes('after') || decision.visible(body));
      assert.equal(isWritten, given(before) && given(body));
    },
  ),
  property(
    {
      name: 'more',
      requirements: '[SEM-10]',
      promise: 'more scopes never take away what fewer gave, in reads, histories, searches and writes',
    },
    fc.tuple(nearbyScopes, nearbyScopes, fc.boolean(), plainRequest, thing),
    ([few, more, hasPatient, request, resource]) => {
      const less = decide(tokenWith(few, hasPatient), request);
      if (!less.allowed) return;
      const all = decide(tokenWith([...few, ...more], hasPatient), request);
      assert.ok(all.allowed, 'refused with more scopes');
      assert.ok(!less.visible(resource) || all.visible(resource), 'hidden with more scopes');
    },
  ),
  property(
    {
      name: 'answered',
      requirements: '[SEM-03] [SEM-09]',
      promise: 'every request is decided, and who is refused is told why, in no words of theirs',
    },
    fc.tuple(tokens, anything),
    ([[scopes, hasPatient], request]) => {
      const decision = decide(tokenWith(scopes, hasPatient), request);
      if (decision.allowed) {
        assert.ok(
          scopes.length > 0 || decision.interaction.kind === 'capabilities',
          'allowed without scopes',
        );
        return;
      }
      assert.ok([400, 401, 403].includes(decision.status));
      assert.match(decision.description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]{10,}$/u);
    },
  ),
];
