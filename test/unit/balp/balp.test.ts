import { describe, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { AuditRecord } from '../../../src/audit/index.ts';
import { auditEventsOf } from '../../../src/balp/index.ts';
import { SAMPLE_RECORDS } from '../../support/audit-samples.ts';
import { problemsOf } from '../../support/balp-validator.ts';

const HOUSE = { issuer: 'https://as.example.org', name: 'General Hospital' };
const CHAIN = '20261126T101500.123Z-6f2d1b7e-0c3a';
const eventsOf = (record: AuditRecord, seq = 7) => auditEventsOf({ chain: CHAIN, seq, record }, HOUSE);
const asJson = (event: object) => event as Record<string, unknown>;
/** Numbered among its own, so that a new event leaves the names of the others as they are. */
const named = SAMPLE_RECORDS.map((record, at) => {
  const before = SAMPLE_RECORDS.slice(0, at).filter(({ type }) => type === record.type).length;
  return [`${record.type}-${before}-${record.outcome}`, record] as const;
});
const profilesOf = (record: AuditRecord): (string | undefined)[] =>
  eventsOf(record).map(({ meta }) => meta.profile?.[0]?.split('IHE.')[1]);
const sampled = (type: string, outcome = 'success', nth = 0): AuditRecord =>
  SAMPLE_RECORDS.filter((one) => one.type === type && one.outcome === outcome)[nth]!;

describe('AuditEvents', () => {
  test.each(named)('[SEC-3] %s is an AuditEvent, and what it claims to be', (_name, record) => {
    const events = eventsOf(record);
    expect(events.length).toBeGreaterThan(0);
    expect(events.flatMap((event) => problemsOf(asJson(event)))).toEqual([]);
  });

  test.each([
    ['a consent just given', sampled('consent'), ['BasicAudit.AuthZconsent', 'BasicAudit.PatientCreate']],
    ['one given before', sampled('consent', 'success', 1), ['BasicAudit.AuthZconsent']],
    ['one denied', sampled('consent', 'denied'), ['BasicAudit.AuthZconsent']],
    ['one about nobody in particular', sampled('consent', 'success', 2), [undefined]],
    ['one narrowed', sampled('consent.narrowed'), ['BasicAudit.PatientUpdate']],
    ['one taken back', sampled('token.revoked', 'success', 1), [undefined, 'BasicAudit.PatientDelete']],
    ['a token', sampled('token.issued'), ['IUA.71']],
    ['a token for an app alone', sampled('token.issued', 'success', 1), ['IUA.71']],
    ['a token refused', sampled('token.refused', 'refused'), [undefined]],
    ['the use of a token', sampled('token.introspected'), ['BasicAudit.OAUTHaccessTokenUse.Minimal']],
    ['many uses, counted', sampled('token.introspected', 'success', 1), [undefined]],
  ])('[SEC-3] %s', (_what, record, profiles) => {
    expect(profilesOf(record)).toEqual(profiles);
  });

  // GOLDEN=write makes them anew; look at what has changed.
  test.each(named)('[SEC-3] %s is as it was agreed on', (name, record) => {
    const file = path.join(import.meta.dirname, 'golden', `${name}.json`);
    const text = `${JSON.stringify(eventsOf(record), null, 2)}\n`;
    if (process.env['GOLDEN'] === 'write') {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  test('[SEC-5] an id is that of its place: the same each time, another for each', () => {
    const record = sampled('consent');
    const ids = [...eventsOf(record), ...eventsOf(record, 8)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(eventsOf(record).map(({ id }) => id)).toEqual(ids.slice(0, 2));
  });

  test('[SEC-3] a profile is claimed only where all of it is known', () => {
    const { address: _address, ...rest } = sampled('token.issued') as AuditRecord & { address: string };
    expect(profilesOf(rest)).toEqual([undefined]);
    const { patient: _patient, ...nobody } = sampled('consent') as AuditRecord & { patient: string };
    expect(profilesOf(nobody)).toEqual([undefined]);
  });
});

describe('the validator of the tests', () => {
  const [permit, create] = eventsOf(sampled('consent'));
  const [issued] = eventsOf(sampled('token.issued'));
  const [wrong] = eventsOf(sampled('token.issued', 'success', 1));
  test.each<[string, object]>([
    ['agent[user]: 0 of 1..1', { ...permit, agent: permit!.agent.slice(0, 1) }],
    [
      'in no slice, and they are closed',
      { ...permit, entity: [...permit!.entity!, ...create!.entity!.slice(-1)] },
    ],
    ['val-audit-source', { ...permit, source: { ...permit!.source, observer: { display: 'another' } } }],
    ['IHE.IUA.71: entity: 2 of 1..1', { ...issued, entity: [...issued!.entity!, ...issued!.entity!] }],
    ['IHE.IUA.71: outcome', { ...issued, outcome: '4' }],
    [
      'agent[client].network is missing',
      { ...wrong, agent: wrong!.agent.map(({ network: _n, ...one }) => one) },
    ],
    ['an empty string', { ...issued, outcomeDesc: '' }],
    ['id is no UUIDv5', { ...issued, id: '7' }],
    ['IHE.BasicAudit.PatientCreate: action', { ...create, action: 'U' }],
  ])('[SEC-3] finds: %s', (problem, event) => {
    expect(problemsOf(asJson(event)).join('\n')).toContain(problem);
  });
});
