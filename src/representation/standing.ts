import type { EpochSeconds } from '../oauth/index.ts';

/** Why one person may decide for another, in law (45 CFR 164.502(g)). */
export const LEGAL_BASES = ['parent', 'guardian', 'power-of-attorney'] as const;
export type LegalBasis = (typeof LEGAL_BASES)[number];

/** How sure the FHIR server is that a Person and what it links to are one human being (FHIR R4, identity-assuranceLevel). */
export const LINK_ASSURANCES = ['level1', 'level2', 'level3', 'level4'] as const;

/** HL7 v3 RoleCode. Whom a hospital calls in an emergency, or who pays, is no representative. */
export const DEFAULT_RELATIONSHIPS: Readonly<Record<string, LegalBasis>> = {
  ...{ PRN: 'parent', MTH: 'parent', FTH: 'parent', NPRN: 'parent', NMTH: 'parent', NFTH: 'parent' },
  ...{ ADOPTP: 'parent', ADOPTM: 'parent', ADOPTF: 'parent' },
  ...{ GUARD: 'guardian', HPOWATT: 'power-of-attorney' },
};
const ROLE_CODE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';

/** What an organisation takes as a right to act for somebody. */
export interface RepresentationRules {
  /** By code of `RelatedPerson.relationship`: of v3 RoleCode, or `system|code`. */
  readonly relationships: Readonly<Record<string, LegalBasis>>;
  /** In years: on that birthday parents hand over. */
  readonly majorityAge: number;
  /** The least that counts of a Person's link. */
  readonly assurance: (typeof LINK_ASSURANCES)[number];
}

/** What is read of a RelatedPerson. */
export interface RelatedPersonRecord {
  readonly id: string;
  readonly active: boolean;
  /** Id of the patient on the same server. */
  readonly patient?: string;
  readonly relationships: readonly { readonly system: string; readonly code: string }[];
  /** FHIR dateTimes, which may be a year alone. */
  readonly period?: { readonly start?: string; readonly end?: string };
}

/** The patient, as far as it decides; more of it is shown. */
export interface RepresentedPatient {
  readonly id: string;
  readonly name: string;
  /** A FHIR date, which may be a year alone. */
  readonly birthDate?: string;
  readonly mrn?: string;
  readonly sex?: string;
  readonly deceased?: true;
}

/** On what ground, and how long; `undefined` end: until it is taken back at the FHIR server. */
export interface Ground {
  readonly basis: LegalBasis;
  readonly until?: EpochSeconds;
}

/** By which right a RelatedPerson acts for the patient at this moment; `undefined`: by none. What is not said is not so. */
export function groundOf(
  { active, relationships, period = {} }: RelatedPersonRecord,
  patient: RepresentedPatient,
  rules: RepresentationRules,
  now: EpochSeconds,
): Ground | undefined {
  if (!active || patient.deceased) return undefined;
  const { start, end } = period;
  const [from, to] = [start === undefined ? -Infinity : firstMoment(start), endOf(end)];
  if (from === undefined || to === undefined || now < from || now >= to) return undefined;
  const grounds = basesOf(relationships, rules).flatMap((basis) => {
    const until = basis === 'parent' ? Math.min(to, majorityOf(patient, rules)) : to;
    return now < until ? [{ basis, ...(until === Infinity ? {} : { until }) }] : [];
  });
  return longest(grounds);
}

/** The one that lasts longest: nobody loses a right because they have a second one. */
export function longest<G extends Ground>(grounds: readonly G[]): G | undefined {
  return grounds.toSorted((one, other) => (other.until ?? Infinity) - (one.until ?? Infinity))[0];
}

function basesOf(
  relationships: RelatedPersonRecord['relationships'],
  { relationships: known }: RepresentationRules,
): LegalBasis[] {
  return relationships.flatMap(({ system, code }) => {
    const name = system === ROLE_CODE ? code : `${system}|${code}`;
    return Object.hasOwn(known, name) && known[name] !== undefined ? [known[name]] : [];
  });
}

/** The earliest moment at which somebody may have come of age; a birth date nobody knows makes everybody of age. */
function majorityOf({ birthDate = '' }: RepresentedPatient, { majorityAge }: RepresentationRules): number {
  const born = firstMoment(birthDate);
  if (born === undefined) return -Infinity;
  const day = new Date(born * 1000);
  return day.setUTCFullYear(day.getUTCFullYear() + majorityAge) / 1000;
}

const FHIR_DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.+)?)?)?$/;

/** Of a FHIR date or dateTime, which may name a year or a month; `undefined`: it is none. */
function firstMoment(text: string): EpochSeconds | undefined {
  const [, year, month, day] = FHIR_DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const moment = Date.parse(text.includes('T') ? text : `${year}-${month ?? '01'}-${day ?? '01'}T00:00:00Z`);
  // Whole seconds, and none too many.
  return Number.isNaN(moment) ? undefined : Math.floor(moment / 1000);
}

/** The whole of the year, month or day that a period ends with belongs to it (FHIR R4, Period.end). */
function endOf(text: string | undefined): number | undefined {
  if (text === undefined) return Infinity;
  const first = firstMoment(text);
  if (first === undefined || text.includes('T')) return first;
  const next = new Date(first * 1000);
  const [, , month, day] = FHIR_DATE.exec(text) ?? [];
  if (day !== undefined) return next.setUTCDate(next.getUTCDate() + 1) / 1000;
  if (month !== undefined) return next.setUTCMonth(next.getUTCMonth() + 1) / 1000;
  return next.setUTCFullYear(next.getUTCFullYear() + 1) / 1000;
}
