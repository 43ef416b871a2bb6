import { covers, isResourceScope, parseScopeList, type ResourceScope } from '../smart/index.ts';
import type { OfferGroup, OfferedScope } from './offer.ts';

/** What somebody has decided about one app and record, over all the times they were asked; each text is one scope. */
export interface Left {
  readonly out: readonly string[];
  readonly shared: readonly string[];
}

/** Who they are and whose record is open goes with the whole; what is sensitive is ticked anew each time. */
const KEPT: ReadonlySet<OfferGroup['id']> = new Set([
  ...(['record', 'changes', 'patients', 'patients-changes'] as const),
  'duration',
] as const);
/** So many of each are kept, the newest first. */
const MOST = 200;

/**
 * What somebody left out, or shared a part of, stays so until they tick it. What covers something that was left out, or is
 * covered by it, begins unticked too, however an app spells it; what they never decided about begins as it would.
 *
 * @returns `isLeft`: a box begins another way than it would have
 */
export function asLeft(
  groups: readonly OfferGroup[],
  left: Left | undefined,
): { readonly groups: readonly OfferGroup[]; readonly isLeft: boolean } {
  if (!left) return { groups, isLeft: false };
  const before = decided(left);
  let isLeft = false;
  const begin = (scope: OfferedScope): OfferedScope => {
    const checked = beginsTicked(scope.value, before) ?? scope.checked;
    const parts = scope.parts && partsAsLeft(scope.parts, checked, before);
    isLeft ||= checked !== scope.checked;
    return { ...scope, checked, ...(parts ? { parts } : {}) };
  };
  const begun = groups.map((group) =>
    KEPT.has(group.id) ? { ...group, scopes: group.scopes.map(begin) } : group,
  );
  return { groups: begun, isLeft };
}

/** Beside the whole no part of it is ticked, nor beside a part a part of that one: nobody would know what is meant. */
function partsAsLeft(
  parts: readonly OfferedScope[],
  isWhole: boolean,
  before: Before,
): readonly OfferedScope[] {
  const open = isWhole ? [] : parts;
  const shared = open
    .filter(({ value }) => beginsTicked(value, before) === true)
    .map(({ value }) => asDecided(value));
  const widest = shared.filter((one) => !shared.some((other) => other !== one && includes(other, one)));
  const ticked = new Set(widest.map(({ text }) => text));
  return parts.map((part) => ({ ...part, checked: ticked.has(part.value) }));
}

/**
 * After a form was posted: what it says, and of before what it does not speak of.
 *
 * @param posted whatever a form says was ticked
 */
export function leftAfter(groups: readonly OfferGroup[], posted: ReadonlySet<string>, before?: Left): Left {
  const asked = groups.filter(({ id }) => KEPT.has(id)).flatMap(({ scopes }) => scopes.filter(isRemembered));
  const out = asked.map(({ value }) => value).filter((value) => !posted.has(value));
  const shared = asked
    .flatMap(({ value, parts = [] }) => [value, ...parts.map((part) => part.value)])
    .filter((value) => posted.has(value));
  const now = decided({ out, shared });
  const was = decided(before ?? { out: [], shared: [] });
  const kept = (all: readonly Decided[], over: readonly Decided[]): string[] =>
    all.filter((one) => !over.some((other) => includes(other, one))).map(({ text }) => text);
  return {
    out: newest(out, kept(was.out, [...now.shared, ...now.out])),
    shared: newest(shared, kept(was.shared, [...now.out, ...now.shared])),
  };
}

/** The lesser way to stay connected stands in for the greater one on that page alone. */
function isRemembered({ value }: OfferedScope): boolean {
  return value !== 'online_access';
}

interface Decided {
  readonly text: string;
  readonly scope?: ResourceScope;
}
interface Before {
  readonly out: readonly Decided[];
  readonly shared: readonly Decided[];
}

function decided({ out, shared }: Left): Before {
  return { out: out.map(asDecided), shared: shared.map(asDecided) };
}

function asDecided(text: string): Decided {
  const scope = parseScopeList(text).scopes.find(isResourceScope);
  return scope ? { text, scope } : { text };
}

/** `undefined`: nothing was decided about it. */
function beginsTicked(value: string, { out, shared }: Before): boolean | undefined {
  const one = asDecided(value);
  if (out.some((other) => includes(one, other) && !includes(other, one))) return false;
  const against = out.filter((other) => includes(other, one));
  const isShared = shared.some(
    (other) => includes(other, one) && !against.some((narrower) => includes(other, narrower)),
  );
  if (isShared) return true;
  return against.length > 0 ? false : undefined;
}

function includes(wide: Decided, narrow: Decided): boolean {
  if (!wide.scope || !narrow.scope) return wide.text === narrow.text;
  return covers(wide.scope, narrow.scope);
}

function newest(now: readonly string[], before: readonly string[]): readonly string[] {
  return [...new Set([...now, ...before])].slice(0, MOST);
}
