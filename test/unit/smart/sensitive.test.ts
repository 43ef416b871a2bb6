import { describe, expect, test } from '@jest/globals';

import {
  SENSITIVE_KINDS,
  heldBack,
  isHeldBack,
  labelsOf,
  parseScope,
  sensitiveKindOf,
  sensitiveScope,
  type Label,
  type SensitiveKind,
} from '../../../src/smart/index.ts';

const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const label = (text: string): Label => {
  const [system = '', code = ''] = text.split('|');
  const systems: Record<string, string> = { act: ACT, conf: CONFIDENTIALITY };
  return { system: systems[system] ?? system, code };
};
const codes = (offered: readonly SensitiveKind[], ticked: readonly SensitiveKind[]): Set<string> =>
  new Set(
    heldBack(
      offered,
      ticked.map((kind) => sensitiveScope(kind).text),
    ).map(({ code }) => code),
  );
const isHidden = (
  labels: readonly string[],
  ticked: readonly SensitiveKind[],
  offered = SENSITIVE_KINDS,
): boolean => isHeldBack(labels.map(label), codes(offered, ticked));

describe('security labels', () => {
  test.each<[string, readonly string[], readonly SensitiveKind[], boolean]>([
    // what                                       labels                       ticked             hidden
    ['nothing is labelled', [], [], false],
    ['normal', ['conf|N'], [], false],
    ['less than normal', ['conf|L'], [], false],
    ['a purpose of use', ['http://terminology.hl7.org/CodeSystem/v3-ActReason|HTEST'], [], false],
    ['mental health', ['act|PSY'], [], true],
    ['mental health, ticked', ['act|PSY'], ['mental-health'], false],
    ['its narrower code, ticked', ['act|PSYTHPN'], ['mental-health'], false],
    ['another kind, ticked', ['act|PSY'], ['hiv'], true],
    ['two kinds, one ticked', ['act|PSY', 'act|HIV'], ['hiv'], true],
    ['two kinds, both ticked', ['act|PSY', 'act|HIV'], ['hiv', 'mental-health'], false],
    ['restricted', ['conf|R'], [], true],
    ['restricted, other ticked', ['conf|R'], ['other'], false],
    ['restricted for a kind that is ticked', ['conf|R', 'act|HIV'], ['hiv'], false],
    ['restricted for a kind that is not', ['conf|R', 'act|HIV'], ['other'], true],
    ['very restricted, whatever kind', ['conf|V', 'act|HIV'], ['hiv'], true],
    ['very restricted, other ticked', ['conf|V', 'act|HIV'], ['hiv', 'other'], false],
    ['an unknown code', ['act|TABOO'], ['mental-health'], true],
    ['an unknown code, other ticked', ['act|TABOO'], ['other'], false],
    ['an unknown confidentiality', ['conf|X'], [], true],
    ['a system of the house', ['urn:hospital|vip'], ['hiv'], true],
    ['a known code of another system', ['urn:hospital|HIV'], ['hiv'], true],
    ['a label without anything', ['|'], [], true],
  ])('[SEC-12] [A200] %s', (_what, labels, ticked, hidden) => {
    expect(isHidden(labels, ticked)).toBe(hidden);
  });

  test('[SEC-12] [A200] for every kind: seen when it is ticked, whatever else is, and only then', () => {
    for (const kind of SENSITIVE_KINDS) {
      for (const { system, code } of labelsOf(kind)) {
        const others = SENSITIVE_KINDS.filter((one) => one !== kind);
        expect(isHeldBack([{ system, code }], codes(SENSITIVE_KINDS, [kind]))).toBe(false);
        expect(isHeldBack([{ system, code }], codes(SENSITIVE_KINDS, others))).toBe(true);
      }
    }
  });

  test('[SEC-12] a kind nobody is asked about counts as other', () => {
    expect(isHidden(['act|GDIS'], [], ['hiv', 'other'])).toBe(true);
    expect(isHidden(['act|GDIS'], ['genetics'], ['hiv', 'other'])).toBe(true);
    expect(isHidden(['act|GDIS'], ['other'], ['hiv', 'other'])).toBe(false);
    expect(isHidden(['act|HIV'], ['other'], ['hiv', 'other'])).toBe(true);
  });

  test('[SCO-23] a kind is a scope of our own', () => {
    for (const kind of SENSITIVE_KINDS) {
      const { text } = sensitiveScope(kind);
      expect(parseScope(text)).toEqual({ ok: true, scope: { kind: 'extension', text } });
      expect(sensitiveKindOf(text)).toBe(kind);
    }
    for (const text of ['__sensitive/', '__sensitive/x', '__sensitive/constructor', 'sensitive/hiv', '__hiv'])
      expect(sensitiveKindOf(text)).toBeUndefined();
  });
});
