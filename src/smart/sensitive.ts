import type { Scope } from './scope.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/**
 * Kinds of data that people may not want every app to see, by the codes with which a record is labelled
 * (`meta.security`, v3 ActCode InformationSensitivityPolicy). `other`: whatever else is labelled as more than normal.
 */
const CODES = {
  'mental-health': ['PSY', 'MH', 'BH', 'PSYTHPN', 'EMOTDIS', 'COGN', 'DVD'],
  'substance-use': ['ETH', 'ETHUD', 'OPIOIDUD', 'SUD'],
  hiv: ['HIV'],
  'sexual-health': ['SEX', 'STD', 'PREGNANT'],
  violence: ['SDV', 'VIO', 'MST'],
  genetics: ['GDIS', 'SCA', 'SICKLE'],
  other: [],
} as const satisfies Record<string, readonly string[]>;

export type SensitiveKind = keyof typeof CODES;
export const SENSITIVE_KINDS = Object.keys(CODES) as SensitiveKind[];

/** How a grant says that a kind may be seen: a scope of our own (SCO-23), which an app never has to ask for. */
const PREFIX = '__sensitive/';

export function sensitiveScope(kind: SensitiveKind): Scope {
  return { kind: 'extension', text: PREFIX + kind };
}

/** The kind a scope lets be seen; `undefined`: it is about something else. */
export function sensitiveKindOf(text: string): SensitiveKind | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const name = text.slice(PREFIX.length);
  return SENSITIVE_KINDS.find((kind) => kind === name);
}

/** A FHIR Coding. */
export interface Label {
  readonly system: string;
  readonly code: string;
}

/** More than normal, and not said why (FHIR R4, security labels; 42 CFR part 2). */
const RESTRICTED = ['R', 'V'];

/** Labels of a kind, as the FHIR server writes them. */
export function labelsOf(kind: SensitiveKind): Label[] {
  if (kind === 'other') return RESTRICTED.map((code) => ({ system: CONFIDENTIALITY, code }));
  return CODES[kind].map((code) => ({ system: ACT_CODE, code }));
}

/**
 * What is held back, in the codes of its labels, sorted.
 *
 * @param offered kinds that people are asked about; what is labelled with another one counts as `other`
 * @param granted scopes of the grant
 */
export function heldBack(offered: readonly SensitiveKind[], granted: readonly string[]): Label[] {
  const permitted = new Set(granted.flatMap((text) => sensitiveKindOf(text) ?? []));
  const isPermitted = (kind: SensitiveKind): boolean =>
    permitted.has(offered.includes(kind) ? kind : 'other');
  return SENSITIVE_KINDS.filter((kind) => !isPermitted(kind)).flatMap(labelsOf);
}

/** Says nothing of what is in a record: normal and less, purposes of use, and whether it can be relied on. */
const HARMLESS: readonly { readonly system: string; readonly codes?: readonly string[] }[] = [
  { system: CONFIDENTIALITY, codes: ['U', 'L', 'M', 'N'] },
  { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason' },
  { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue' },
];
const KNOWN: ReadonlySet<string> = new Set(Object.values(CODES).flat());

/**
 * May what carries these labels not be seen by who is held back from those codes? A label that we do not know counts as
 * restricted. `R` beside a kind that may be seen says no more than that kind; `V` always counts.
 *
 * @param forbidden codes of {@link heldBack}
 */
export function isHeldBack(labels: readonly Label[], forbidden: ReadonlySet<string>): boolean {
  const kinds = labels.filter(({ system, code }) => system === ACT_CODE && KNOWN.has(code));
  return labels.some((label) => {
    if (isHarmless(label)) return false;
    if (kinds.includes(label)) return forbidden.has(label.code);
    if (label.system === CONFIDENTIALITY && label.code === 'V') return forbidden.has('V');
    return label.system === CONFIDENTIALITY && label.code === 'R' && kinds.length > 0
      ? false
      : forbidden.has('R');
  });
}

function isHarmless({ system, code }: Label): boolean {
  return HARMLESS.some((one) => one.system === system && (one.codes?.includes(code) ?? true));
}
