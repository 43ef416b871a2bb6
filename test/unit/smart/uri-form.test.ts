import { describe, expect, test } from '@jest/globals';
import {
  covers,
  decideOffer,
  describeDropped,
  formatScopeList,
  parseScope,
  parseScopeList,
} from '../../../src/smart/index.ts';
import { resourceScope, textOf } from './arbitraries.ts';

const SMART = 'http://smarthealthit.org/fhir/scopes/';
const OPENID = 'http://openid.net/specs/openid-connect-core-1_0#';
const LAB = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

describe('scopes written as URIs', () => {
  test.each([
    // prefix, scope
    [SMART, 'patient/*.r'],
    [SMART, 'patient/Observation.rs'],
    [SMART, 'user/Observation.read'],
    [SMART, 'system/*.cruds'],
    [SMART, `patient/Observation.rs?category=${LAB}`],
    [SMART, 'launch'],
    [SMART, 'launch/patient'],
    [SMART, 'launch/list?role=http://example.org/r'],
    [SMART, 'fhirUser'],
    [SMART, 'offline_access'],
    [SMART, 'online_access'],
    [OPENID, 'openid'],
    [OPENID, 'profile'],
    [OPENID, 'offline_access'],
  ])('[SCO-24] %s%s is the scope at its end, and goes by its short text', (prefix, short) => {
    expect(parseScope(prefix + short)).toEqual(parseScope(short));
    expect(textOf(parseScopeList(prefix + short).scopes)).toBe(short);
  });

  test.each([
    // sent                                              problem
    [SMART, 'malformed'],
    [`${SMART}billing`, 'malformed'],
    [`${SMART}__billing`, 'malformed'],
    [`${SMART}https://example.org/scopes/billing`, 'malformed'],
    [`${SMART}${SMART}patient/*.rs`, 'malformed'],
    [`${SMART}/patient/*.rs`, 'malformed'],
    [`${SMART}openid`, 'malformed'],
    [`${SMART}Patient/*.rs`, 'malformed'],
    [`${SMART}patient/Unicorn.rs`, 'resource-type'],
    [`${SMART}patient/Observation.dus`, 'permissions'],
    [`${SMART}patient/Observation.read?category=a`, 'constraint'],
    [`${SMART}launch/unicorn`, 'resource-type'],
    [OPENID, 'malformed'],
    [`${OPENID}email`, 'malformed'],
    [`${OPENID}fhirUser`, 'malformed'],
    [`${OPENID}patient/*.rs`, 'malformed'],
    [`${OPENID}${SMART}patient/*.rs`, 'malformed'],
  ])('[SCO-24] %s is nobody’s own scope but %s, named as it was sent', (sent, code) => {
    expect(parseScope(sent)).toEqual({ ok: false, problem: { code, scope: sent } });
  });

  test.each([
    'https://smarthealthit.org/fhir/scopes/patient/*.rs',
    'http://smarthealthit.org/fhir/scopes',
    'http://smarthealthit.org.example/fhir/scopes/patient/*.rs',
    'http://openid.net/specs/openid-connect-core-1_0.html#openid',
  ])('[SCO-24] %s only looks like one: a scope of somebody’s own, without a word about data', (sent) => {
    expect(parseScope(sent)).toEqual({ ok: true, scope: { kind: 'extension', text: sent } });
  });

  test('[SCO-24] [SCO-26] both spellings of a scope are one scope', () => {
    const { scopes } = parseScopeList(`${SMART}patient/Patient.rs patient/Patient.rs ${OPENID}openid openid`);
    expect(formatScopeList(scopes)).toBe('patient/Patient.rs openid');
    expect(covers(resourceScope('patient/Patient.rs'), resourceScope(`${SMART}patient/Patient.rs`))).toBe(
      true,
    );
  });

  test.each([
    // asked for, registered
    [`${OPENID}openid ${SMART}fhirUser ${SMART}patient/*.rs ${SMART}offline_access`, 'short'],
    ['openid fhirUser patient/*.rs offline_access', 'as URIs'],
  ])('[SCO-24] %s, registered %s: granted in short, narrowed as ever', (requested, registered) => {
    const short = 'openid fhirUser patient/Patient.rs';
    const uris = `${OPENID}openid ${SMART}fhirUser ${SMART}patient/Patient.rs`;
    const { granted, dropped } = decideOffer(requested, {
      registered: registered === 'short' ? short : uris,
      flow: 'user',
      mayRefresh: true,
      hasLaunch: false,
      hasFhirUser: true,
    });
    expect(formatScopeList(granted)).toBe(short);
    expect(describeDropped(dropped)).toBe('offline_access (not-registered)');
  });
});
