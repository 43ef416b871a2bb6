import { RESOURCE_TYPES } from './resource-types.ts';
import { isAtLeast, type SmartVersion } from './version.ts';

/** One further resource in context (SMART 2.1 and later write objects, CTX-10 … CTX-13). */
export interface FhirContextItem {
  /** Relative reference such as `ImagingStudy/123`. */
  readonly reference?: string;
  readonly canonical?: string;
  readonly identifier?: Readonly<Record<string, unknown>>;
  readonly type?: string;
  readonly role?: string;
}

/**
 * What travels beside the access token. Names and types are those of the wire
 * (SMART App Launch 2.2.0, "Launch context arrives with your access_token"; CTX-01 … CTX-19).
 */
export interface LaunchContext {
  /** Bare id of the Patient, never a reference. */
  readonly patient?: string;
  /** Bare id of the Encounter. */
  readonly encounter?: string;
  readonly fhirContext?: readonly FhirContextItem[];
  readonly need_patient_banner?: boolean;
  readonly intent?: string;
  readonly smart_style_url?: string;
  /** The opaque SMART value of the launching organisation; says nothing about issuers. */
  readonly tenant?: string;
}

const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;
const RELATIVE_REFERENCE = /^([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}$/;
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:.+$/i;
const MAX_TEXT = 1024;
const MAX_ITEMS = 50;

/** Is this a FHIR id (R4 §2.24.0.1, `id`: 1 to 64 of `A-Za-z0-9-.`)? */
export function isFhirId(text: unknown): text is string {
  return typeof text === 'string' && FHIR_ID.test(text);
}

/** Members of somebody's own: an absolute URI, or a name that begins with `__` (CTX-19). */
const OWN_MEMBER = /^(__(?!proto__$).+|[a-z][a-z0-9+.-]*:\/\/[^/].*)$/;
const MAX_OWN_MEMBER = 2048;

export type ParsedLaunchContext =
  | { readonly ok: true; readonly context: LaunchContext }
  | { readonly ok: false; readonly field: string; readonly expected: string };

/**
 * Reads the context members of a JSON object, those of somebody's own included (2048 characters of JSON each); members
 * of other names are left to the caller.
 */
export function parseLaunchContext(input: Readonly<Record<string, unknown>>): ParsedLaunchContext {
  for (const [field, { holds, expected }] of Object.entries(RULES)) {
    if (input[field] !== undefined && !holds(input[field])) return { ok: false, field, expected };
  }
  const long = Object.keys(input).find(
    (name) => OWN_MEMBER.test(name) && (JSON.stringify(input[name])?.length ?? 0) > MAX_OWN_MEMBER,
  );
  if (long !== undefined)
    return { ok: false, field: long, expected: `${MAX_OWN_MEMBER} characters of JSON at most` };
  const known = Object.entries(input).filter(
    ([name, value]) => (Object.hasOwn(RULES, name) || OWN_MEMBER.test(name)) && value !== undefined,
  );
  return { ok: true, context: Object.fromEntries(known) };
}

/**
 * The context in the shape the version of the endpoint gives it (CTX-10, V1-09): objects since 2.1.0, of which 2.2.0
 * knows more members; in 2.0.0 references alone; in 1.0.0 neither `fhirContext` nor `tenant`. What a version has no words
 * for is left out, never bent: a reference whose role cannot be told could pass for the one the app was launched with.
 */
export function contextAsOf(version: SmartVersion, context: LaunchContext): Record<string, unknown> {
  const { fhirContext, tenant, ...rest } = context;
  if (!isAtLeast(version, '2.0.0')) return rest;
  const items = fhirContext?.flatMap((item) => itemAsOf(version, item) ?? []) ?? [];
  return {
    ...rest,
    ...(tenant === undefined ? {} : { tenant }),
    ...(items.length === 0 ? {} : { fhirContext: items }),
  };
}

/**
 * The types of what a launch has in context beside patient and encounter; `undefined` where one of them does not tell its
 * own, so that it may be any.
 */
export function contextTypesOf({ fhirContext = [] }: LaunchContext): readonly string[] | undefined {
  const types = fhirContext.map(({ type, reference }) => type ?? reference?.split('/').at(-2));
  return types.every((type) => type !== undefined) ? types : undefined;
}

function itemAsOf(version: SmartVersion, item: FhirContextItem): FhirContextItem | string | undefined {
  const { reference, role } = item;
  if (isAtLeast(version, '2.2.0')) return item;
  if (reference === undefined) return undefined;
  if (isAtLeast(version, '2.1.0')) return { reference, ...(role === undefined ? {} : { role }) };
  return role === undefined || role === 'launch' ? reference : undefined;
}

interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT;

const RULES: Readonly<Record<keyof LaunchContext, Rule>> = {
  patient: { holds: isFhirId, expected: 'the bare id of a Patient, such as "123"' },
  encounter: { holds: isFhirId, expected: 'the bare id of an Encounter, such as "123"' },
  need_patient_banner: { holds: (value) => typeof value === 'boolean', expected: 'true or false' },
  intent: { holds: isText, expected: 'a non-empty string' },
  smart_style_url: {
    holds: (value) => isText(value) && /^https?:\/\/[^/]+/.test(String(value)),
    expected: 'the absolute URL of a style document',
  },
  tenant: { holds: isText, expected: 'a non-empty string' },
  fhirContext: {
    holds: (value) => Array.isArray(value) && value.length <= MAX_ITEMS && value.every(isFhirContextItem),
    expected:
      'a list of objects, each with reference, canonical or identifier; Patient and Encounter only with a role',
  },
};

const ITEM_MEMBERS: ReadonlySet<string> = new Set(['reference', 'canonical', 'identifier', 'type', 'role']);

function isFhirContextItem(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.keys(value).some((name) => !ITEM_MEMBERS.has(name))) return false;
  const { reference, canonical, identifier, type, role } = value as FhirContextItem;
  if (reference === undefined && canonical === undefined && identifier === undefined) return false;
  if (canonical !== undefined && !isText(canonical)) return false;
  if (
    identifier !== undefined &&
    (typeof identifier !== 'object' ||
      identifier === null ||
      !('value' in identifier || 'system' in identifier))
  ) {
    return false;
  }
  if (type !== undefined && !RESOURCE_TYPES.has(type)) return false;
  if (role !== undefined && role !== 'launch' && !(isText(role) && ABSOLUTE_URI.test(role))) return false;
  const referenced = typeof reference === 'string' ? RELATIVE_REFERENCE.exec(reference)?.[1] : undefined;
  if (reference !== undefined && !RESOURCE_TYPES.has(referenced ?? '')) return false;
  const isTopLevel = [referenced, type].some((name) => name === 'Patient' || name === 'Encounter');
  return !isTopLevel || (role !== undefined && role !== 'launch');
}
