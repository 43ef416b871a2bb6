import { assertNever } from '../oauth/index.ts';
import {
  US_CORE_CATEGORIES,
  granularChoices,
  type Constraint,
  type Permission,
  type ResourceScope,
  type Scope,
} from '../smart/index.ts';
import { CATEGORY_WORDS, spellOut, typeInWords } from './words.ts';

/** One scope as a person reads it. */
export interface OfferedScope {
  /** The scope's own text: what the checkbox posts. */
  readonly value: string;
  readonly label: string;
  readonly detail?: string;
  readonly checked: boolean;
  /** Lets the app change the record. */
  readonly write: boolean;
  /** Covers every kind of data, now and in the future (CONS-08). */
  readonly wildcard: boolean;
  /** What may be shared instead of the whole; each unticked at first (CONS-10, CONS-11). */
  readonly parts?: readonly OfferedScope[];
}

export interface OfferGroup {
  readonly id: 'record' | 'patients' | 'identity' | 'context' | 'duration';
  readonly legend: string;
  readonly hint?: string;
  readonly scopes: readonly OfferedScope[];
}

const GROUPS: readonly Omit<OfferGroup, 'scopes'>[] = [
  { id: 'record', legend: 'From the health record', hint: 'The app can see what is ticked.' },
  { id: 'patients', legend: 'For every patient you may see', hint: 'The app can see what is ticked.' },
  { id: 'identity', legend: 'About you' },
  { id: 'context', legend: 'About this visit to the app' },
  { id: 'duration', legend: 'Staying connected' },
];

/** Puts what may be granted into plain words, in groups, a checkbox for each scope (CONS-07, CONS-09). */
export function describeOffer(offer: readonly Scope[]): OfferGroup[] {
  return GROUPS.map((group) => ({
    ...group,
    scopes: offer.filter((scope) => groupOf(scope) === group.id).map((scope) => describeScope(scope, offer)),
  })).filter(({ scopes }) => scopes.length > 0);
}

function groupOf(scope: Scope): OfferGroup['id'] {
  switch (scope.kind) {
    case 'resource':
      return scope.level === 'patient' ? 'record' : 'patients';
    case 'identity':
      return 'identity';
    case 'refresh':
      return 'duration';
    case 'context':
    case 'extension':
      return 'context';
    default:
      return assertNever(scope);
  }
}

function describeScope(scope: Scope, offer: readonly Scope[]): OfferedScope {
  const plain = { value: scope.text, checked: true, write: false, wildcard: false };
  switch (scope.kind) {
    case 'resource':
      return describeResource(scope);
    case 'identity':
      return { ...plain, ...IDENTITY_WORDS[scope.name] };
    case 'refresh':
      return { ...plain, ...describeRefresh(scope.name, offer) };
    case 'context':
      return { ...plain, ...describeContext(scope.resourceType) };
    case 'extension':
      return { ...plain, label: 'A special permission of this organisation', detail: scope.text };
    default:
      return assertNever(scope);
  }
}

const IDENTITY_WORDS = {
  openid: { label: 'Know that it is you', detail: 'The app can recognise you when you come back.' },
  fhirUser: { label: 'Your role and name in the health record' },
  profile: { label: 'Your name' },
} as const;

const REFRESH_WORDS = {
  offline_access: {
    label: 'Keep access when you are not using the app',
    detail: 'Without this, access ends soon after you close the app.',
  },
  online_access: { label: 'Keep access until you sign out' },
} as const;

/** The lesser of both is a choice in place of the greater, and unticked at first: together they are the greater (REF-17). */
function describeRefresh(
  name: keyof typeof REFRESH_WORDS,
  offer: readonly Scope[],
): Pick<OfferedScope, 'label'> & Partial<Pick<OfferedScope, 'detail' | 'checked'>> {
  if (name === 'offline_access' || !offer.some(({ text }) => text === 'offline_access'))
    return REFRESH_WORDS[name];
  const greater = REFRESH_WORDS.offline_access.label;
  return {
    ...REFRESH_WORDS.online_access,
    detail: `In place of “${greater}”: for this, untick that.`,
    checked: false,
  };
}

function describeContext(resourceType: string | undefined): { label: string } {
  if (resourceType === undefined) return { label: 'Know what was open when the app was started' };
  if (resourceType === 'Patient') return { label: 'Know which patient this is about' };
  if (resourceType === 'Encounter') return { label: 'Know which visit this is about' };
  return { label: `Know which ${spellOut(resourceType).toLowerCase()} this is about` };
}

function describeResource(scope: ResourceScope): OfferedScope {
  const wildcard = scope.resourceType === '*';
  const write = ['c', 'u', 'd'].some((letter) => scope.permissions.has(letter as Permission));
  const detail = verbs(scope.permissions);
  return {
    value: scope.text,
    label: subjectWords(scope),
    // Seeing is what every line is about; only what goes beyond it is worth a sentence.
    ...(detail === JUST_SEEING ? {} : { detail }),
    checked: true,
    write,
    wildcard,
    ...partsOf(scope),
  };
}

/** A patient may share a part only; who sees many patients is asked about kinds of data alone (CONS-12). */
function partsOf(scope: ResourceScope): { readonly parts?: readonly OfferedScope[] } {
  const parts = scope.level === 'patient' ? granularChoices(scope) : [];
  if (parts.length === 0) return {};
  return { parts: parts.map(describePart) };
}

function describePart(scope: ResourceScope): OfferedScope {
  return { value: scope.text, label: subjectWords(scope), checked: false, write: false, wildcard: false };
}

/** `category=…|laboratory` → `Lab results`; a constraint without words of its own is shown as it is. */
function subjectWords({ resourceType, constraints }: ResourceScope): string {
  const base = typeInWords(resourceType);
  if (constraints.length === 0) return base;
  const parts = constraints.map((constraint) => constraintWords(resourceType, constraint));
  const [only] = parts;
  return parts.length === 1 && only?.selfEvident
    ? only.text
    : `${base} (only ${parts.map(({ text }) => text).join(', ')})`;
}

/** A comma is FHIR's "or": every alternative is named, so that none hides behind another. */
function constraintWords(
  resourceType: string,
  { param, value }: Constraint,
): { text: string; selfEvident: boolean } {
  const alternatives = value.split(/(?<!\\),/).map((one) => {
    const code = one.split('|').at(-1) || one;
    return {
      words: param === 'category' ? categoryWords(resourceType, code) : undefined,
      plain: `${param} ${code}`,
    };
  });
  return {
    text: alternatives.map(({ words, plain }) => words ?? plain).join(' or '),
    selfEvident: alternatives.every(({ words }) => words !== undefined),
  };
}

/** A category has words for the types it is a category of; elsewhere they would describe other data. */
function categoryWords(resourceType: string, code: string): string | undefined {
  const isKnown = US_CORE_CATEGORIES.some(
    (known) => known.resourceType === resourceType && known.code === code,
  );
  return isKnown ? CATEGORY_WORDS[code] : undefined;
}

const JUST_SEEING = 'The app can see these.';

const VERBS: readonly (readonly [string, string])[] = [
  ['c', 'add'],
  ['u', 'change'],
  ['d', 'delete'],
];

function verbs(permissions: ReadonlySet<Permission>): string {
  const reads = permissions.has('r') || permissions.has('s') ? ['see'] : [];
  const all = [
    ...reads,
    ...VERBS.filter(([letter]) => permissions.has(letter as Permission)).map(([, verb]) => verb),
  ];
  const text = all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}` : (all[0] ?? '');
  return `The app can ${text} these.`;
}
