import { expect, test } from '@jest/globals';
import {
  bearerRefusal,
  challenge,
  denial,
  operationOutcome,
  readBearer,
} from '../../../src/resource-server/index.ts';

test.each([
  ['SEM-03', undefined, { kind: 'none' }],
  ['SEM-03', '', { kind: 'none' }],
  ['SEM-03', 'Basic YTpi', { kind: 'none' }],
  ['SEM-01', 'Bearer abc.d-e_f~+/==', { kind: 'token', token: 'abc.d-e_f~+/==' }],
  ['SEM-01', 'bEARER abc', { kind: 'token', token: 'abc' }],
  ['SEM-01', 'Bearer', { kind: 'malformed' }],
  ['SEM-01', 'Bearer a b', { kind: 'malformed' }],
  ['SEM-01', 'Bearer a,b', { kind: 'malformed' }],
  ['SEM-01', `Bearer ${'a'.repeat(9000)}`, { kind: 'malformed' }],
])('[%s] the header %j holds %j', (_requirement, header, bearer) => {
  expect(readBearer(header)).toEqual(bearer);
});

test('[SEM-03] no token: a challenge without error code', () => {
  expect(challenge(bearerRefusal({ kind: 'none' }))).toBe('Bearer realm="fhir"');
});

test('[SEM-04] a malformed token is invalid_token', () => {
  expect(challenge(bearerRefusal({ kind: 'malformed' }))).toBe(
    'Bearer error="invalid_token", error_description="the Authorization header does not hold a well-formed bearer token"',
  );
});

test('[SEM-04] insufficient_scope names the scope; nothing breaks out of the quotes', () => {
  expect(
    challenge({
      error: 'insufficient_scope',
      description: 'a "b" \r\nc\\',
      neededScope: 'patient/Condition.rs',
    }),
  ).toBe('Bearer error="insufficient_scope", error_description="a b c", scope="patient/Condition.rs"');
});

test('[SEM-04] an OperationOutcome says what happened', () => {
  expect(operationOutcome('error', 'forbidden', 'no')).toEqual({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'forbidden', diagnostics: 'no' }],
  });
});

test.each([
  [403, 'insufficient_scope', 'forbidden'],
  [401, 'invalid_token', 'login'],
] as const)('[SEM-04] a refusal with %d is an answer in one call', (status, error, code) => {
  const refused = { allowed: false, status, error, description: 'no', neededScope: 'user/Group.rs' } as const;
  expect(denial(refused)).toEqual({
    status,
    headers: { 'WWW-Authenticate': `Bearer error="${error}", error_description="no", scope="user/Group.rs"` },
    body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics: 'no' }] },
  });
});
