import type { JWK } from 'jose';

import { repeatedMember } from '../oauth/index.ts';
import {
  isConsent,
  isKeptRecord,
  isProvenance,
  versionOf,
  type Consent,
  type Provenance,
} from './resources.ts';
import { checkSeal } from './seal.ts';

/** What was found out about one record. */
export interface Finding {
  /** The line of an archive file, or the version of a Consent in a Bundle. */
  readonly at: string;
  readonly problem?: Problem;
}

export type Problem =
  | 'torn'
  | 'repeated-member'
  | 'number-form'
  | 'not-a-record'
  | 'no-provenance'
  | 'no-consent'
  | 'other-version'
  | 'unknown-key'
  | 'consent'
  | 'provenance'
  | 'signature';

/** Looks at each record of a file: an archive, a line for each, or a Bundle that somebody took away. */
export async function inspect(text: string, keys: readonly JWK[]): Promise<Finding[]> {
  const whole = parse(text);
  const isBundle = whole.ok && (whole.value as { resourceType?: unknown } | null)?.resourceType === 'Bundle';
  if (isBundle || whole.problem === 'repeated-member' || whole.problem === 'number-form')
    return inspectBundle(whole, keys);
  const lines = [...text.split('\n').entries()].filter(([, line]) => line.trim() !== '');
  return Promise.all(lines.map(([at, line]) => inspectLine(`line ${at + 1}`, line, keys)));
}

async function inspectLine(at: string, line: string, keys: readonly JWK[]): Promise<Finding> {
  const parsed = parse(line);
  if (!parsed.ok) return { at, problem: parsed.problem };
  if (!isKeptRecord(parsed.value)) return { at, problem: 'not-a-record' };
  const { consent, provenance } = parsed.value;
  return findingOf(`${at}, ${versionOf(consent)}`, consent, provenance, keys);
}

async function inspectBundle(whole: Parsed, keys: readonly JWK[]): Promise<Finding[]> {
  if (!whole.ok) return [{ at: 'the Bundle', problem: whole.problem }];
  const { entry = [] } = whole.value as { entry?: { resource?: unknown }[] };
  const resources = entry.map(({ resource }) => resource);
  const consents = resources.filter(isConsent);
  const proofs = resources.filter(isProvenance);
  const isStrange = resources.length === 0 || resources.length > consents.length + proofs.length;
  const named = new Set(proofs.flatMap(({ target }) => target.map(({ reference }) => reference)));
  const bare = consents.filter((one) => !named.has(versionOf(one)));
  const judged = proofs.map(async (one): Promise<Finding> => {
    const target = one.target[0]?.reference ?? '';
    const found = consents.find((candidate) => versionOf(candidate) === target);
    return found ? findingOf(target, found, one, keys) : { at: target, problem: 'no-consent' };
  });
  return [
    ...(isStrange ? [{ at: 'the Bundle', problem: 'not-a-record' } as const] : []),
    ...(await Promise.all(judged)),
    ...bare.map((one): Finding => ({ at: versionOf(one), problem: 'no-provenance' })),
  ];
}

async function findingOf(
  at: string,
  subject: Consent,
  proof: Provenance,
  keys: readonly JWK[],
): Promise<Finding> {
  const [target, ...others] = proof.target;
  if (target?.reference !== versionOf(subject) || others.length > 0) return { at, problem: 'other-version' };
  const verdict = await checkSeal(subject, proof, keys);
  return verdict.ok ? { at } : { at, problem: verdict.problem };
}

type Parsed =
  | { readonly ok: true; readonly value: unknown; readonly problem?: undefined }
  | { readonly ok: false; readonly problem: 'torn' | 'repeated-member' | 'number-form' };

/** A text that two readers may take for two things is no record, whatever its signature says. */
function parse(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'torn' };
  }
  if (repeatedMember(text) !== undefined) return { ok: false, problem: 'repeated-member' };
  return hasOddNumber(text) ? { ok: false, problem: 'number-form' } : { ok: true, value };
}

const STRINGS = /"(?:[^"\\]|\\.)*"/g;
const NUMBERS = /-?\d[\d.eE+-]*/g;

/** FHIR takes `1.0` and `1` for two values, JavaScript for one: only what RFC 8785 writes is ours. */
function hasOddNumber(text: string): boolean {
  return (text.replace(STRINGS, '""').match(NUMBERS) ?? []).some((one) => String(Number(one)) !== one);
}
