import type { Language } from '../language/index.ts';
import { assertNever } from '../oauth/index.ts';
import {
  BREAK_GLASS,
  US_CORE_CATEGORIES,
  granularChoices,
  sensitiveKindOf,
  type Constraint,
  type Permission,
  type ResourceScope,
  type Scope,
} from '../smart/index.ts';
import { categoryInWords, spellOut, typeInWords } from './words.ts';

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
  readonly id: (typeof GROUPS)[number];
  readonly legend: string;
  readonly hint?: string;
  readonly scopes: readonly OfferedScope[];
}

const GROUPS = [
  ...(['record', 'changes', 'sensitive', 'patients', 'patients-changes'] as const),
  ...(['identity', 'context', 'duration'] as const),
] as const;
/** What being ticked means, where it is more than what the row says. */
const HINTS = {
  record: 'group.hint',
  patients: 'group.hint',
  changes: 'group.changes.hint',
  'patients-changes': 'group.changes.hint',
  sensitive: 'group.sensitive.hint',
} as const;

/** Puts what may be granted into plain words, in groups, a checkbox for each scope (CONS-07, CONS-09). */
export function describeOffer(offer: readonly Scope[], language: Language): OfferGroup[] {
  return GROUPS.map((id) => ({
    id,
    legend: language.say(`group.${id}`),
    ...hintOf(id, language),
    scopes: offer
      .filter((scope) => groupOf(scope) === id)
      .map((scope) => describeScope(scope, offer, language)),
  })).filter(({ scopes }) => scopes.length > 0);
}

/**
 * Where somebody has ticked a whole and a part of it: nobody knows whether they want less, or more.
 *
 * @returns what the whole is called
 */
export function wholeAndPart(groups: readonly OfferGroup[], ticked: ReadonlySet<string>): string | undefined {
  const both = groups
    .flatMap(({ scopes }) => scopes)
    .find(({ value, parts = [] }) => ticked.has(value) && parts.some((part) => ticked.has(part.value)));
  return both?.label;
}

function hintOf(id: OfferGroup['id'], { say }: Language): { readonly hint?: string } {
  return id in HINTS ? { hint: say(HINTS[id as keyof typeof HINTS]) } : {};
}

function groupOf(scope: Scope): OfferGroup['id'] {
  switch (scope.kind) {
    case 'resource':
      return groupOfResource(scope);
    case 'identity':
      return 'identity';
    case 'refresh':
      return 'duration';
    case 'context':
      return 'context';
    case 'extension':
      return sensitiveKindOf(scope.text) === undefined ? 'context' : 'sensitive';
    default:
      return assertNever(scope);
  }
}

function groupOfResource(scope: ResourceScope): OfferGroup['id'] {
  if (scope.level === 'patient') return sees(scope) ? 'record' : 'changes';
  return sees(scope) ? 'patients' : 'patients-changes';
}

function sees({ permissions }: ResourceScope): boolean {
  return permissions.has('r') || permissions.has('s');
}

function describeScope(scope: Scope, offer: readonly Scope[], language: Language): OfferedScope {
  const plain = { value: scope.text, checked: true, write: false, wildcard: false };
  switch (scope.kind) {
    case 'resource':
      return describeResource(scope, language);
    case 'identity':
      return { ...plain, ...describeIdentity(scope.name, language) };
    case 'refresh':
      return { ...plain, ...describeRefresh(scope.name, offer, language) };
    case 'context':
      return { ...plain, label: contextInWords(scope.resourceType, language) };
    case 'extension':
      return { ...plain, ...describeExtension(scope.text, language) };
    default:
      return assertNever(scope);
  }
}

/** What is sensitive is shared by who ticks it, and by nobody who overlooks it. */
function describeExtension(
  text: string,
  { say }: Language,
): Pick<OfferedScope, 'label'> & Partial<Pick<OfferedScope, 'detail' | 'checked'>> {
  if (text === BREAK_GLASS) return { label: say('offer.break-glass') };
  const kind = sensitiveKindOf(text);
  if (kind === undefined) return { label: say('offer.special'), detail: text };
  return { label: say(`sensitive.${kind}`), checked: false };
}

function describeIdentity(
  name: 'openid' | 'fhirUser' | 'profile',
  { say }: Language,
): Pick<OfferedScope, 'label' | 'detail'> {
  const label = say(`offer.${name}`);
  return name === 'openid' ? { label, detail: say('offer.openid.detail') } : { label };
}

/** The lesser of both is a choice in place of the greater, and unticked at first: together they are the greater (REF-17). */
function describeRefresh(
  name: 'offline_access' | 'online_access',
  offer: readonly Scope[],
  { say }: Language,
): Pick<OfferedScope, 'label'> & Partial<Pick<OfferedScope, 'detail' | 'checked'>> {
  const label = say(`offer.${name}`);
  if (name === 'offline_access') return { label, detail: say('offer.offline_access.detail') };
  if (!offer.some(({ text }) => text === 'offline_access')) return { label };
  const greater = say('offer.offline_access');
  return { label, detail: say('offer.online_access.instead', { greater }), checked: false };
}

function contextInWords(resourceType: string | undefined, language: Language): string {
  if (resourceType === undefined) return language.say('offer.context');
  if (resourceType === 'Patient' || resourceType === 'Encounter')
    return language.say(`offer.context.${resourceType}`);
  return language.say('offer.context.other', { kind: spellOut(resourceType).toLowerCase() });
}

function describeResource(scope: ResourceScope, language: Language): OfferedScope {
  const wildcard = scope.resourceType === '*';
  const write = ['c', 'u', 'd'].some((letter) => scope.permissions.has(letter as Permission));
  const detail = verbs(scope, language);
  const kind = subjectWords(scope, language);
  return {
    value: scope.text,
    label: sees(scope) ? kind : language.say('offer.changes', { kind }),
    // Seeing is what every line is about; only what goes beyond it is worth a sentence.
    ...(detail === undefined ? {} : { detail }),
    checked: true,
    write,
    wildcard,
    ...partsOf(scope, language),
  };
}

/** A patient may share a part only; who sees many patients is asked about kinds of data alone (CONS-12). */
function partsOf(scope: ResourceScope, language: Language): { readonly parts?: readonly OfferedScope[] } {
  const parts = scope.level === 'patient' ? granularChoices(scope) : [];
  if (parts.length === 0) return {};
  return { parts: parts.map((part) => describePart(part, language)) };
}

function describePart(scope: ResourceScope, language: Language): OfferedScope {
  const label = subjectWords(scope, language);
  return { value: scope.text, label, checked: false, write: false, wildcard: false };
}

/** `category=…|laboratory` → `Lab results`; a constraint without words of its own is shown as it is. */
function subjectWords({ resourceType, constraints }: ResourceScope, language: Language): string {
  const kind = typeInWords(resourceType, language);
  if (constraints.length === 0) return kind;
  const parts = constraints.map((constraint) => constraintWords(resourceType, constraint, language));
  const [only] = parts;
  if (parts.length === 1 && only?.selfEvident) return only.text;
  return language.say('offer.only', { kind, what: parts.map(({ text }) => text).join(', ') });
}

/** A comma is FHIR's "or": every alternative is named, so that none hides behind another. */
function constraintWords(
  resourceType: string,
  { param, value }: Constraint,
  language: Language,
): { text: string; selfEvident: boolean } {
  const alternatives = value.split(/(?<!\\),/).map((one) => {
    const code = one.split('|').at(-1) || one;
    return {
      words: param === 'category' ? wordsOfCategory(resourceType, code, language) : undefined,
      plain: `${param} ${code}`,
    };
  });
  return {
    text: language.list(
      alternatives.map(({ words, plain }) => words ?? plain),
      'disjunction',
    ),
    selfEvident: alternatives.every(({ words }) => words !== undefined),
  };
}

/** A category has words for the types it is a category of; elsewhere they would describe other data. */
function wordsOfCategory(resourceType: string, code: string, language: Language): string | undefined {
  const isKnown = US_CORE_CATEGORIES.some(
    (known) => known.resourceType === resourceType && known.code === code,
  );
  return isKnown ? categoryInWords(code, language) : undefined;
}

const CHANGES = [
  ['c', 'verb.add'],
  ['u', 'verb.change'],
  ['d', 'verb.delete'],
] as const;

/** Seeing is what every line is about: `undefined` where there is nothing more. */
function verbs(scope: ResourceScope, { say, list }: Language): string | undefined {
  const changes = CHANGES.filter(([letter]) => scope.permissions.has(letter));
  if (changes.length === 0) return undefined;
  const all = [...(sees(scope) ? ['verb.see' as const] : []), ...changes.map(([, verb]) => verb)];
  return say('offer.can', { what: list(all.map((verb) => say(verb))) });
}
