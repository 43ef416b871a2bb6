import type { OfferGroup, OfferedScope } from './offer.ts';
import type { Boxes } from './remembered.ts';

/** Who they are and whose record is open goes with the whole; what is sensitive is ticked anew each time. */
const KEPT: ReadonlySet<OfferGroup['id']> = new Set([
  ...(['record', 'changes', 'patients', 'patients-changes'] as const),
  'duration',
] as const);

/**
 * What somebody left out, or shared a part of, stays so until they tick it: boxes begin as they were left. A box that was not
 * there then is as new.
 *
 * @param last the boxes when they were asked about the same record before; `undefined`: they were not
 * @returns `isLeft`: a box begins another way than it would have
 */
export function asLeft(
  groups: readonly OfferGroup[],
  last: Boxes | undefined,
): { readonly groups: readonly OfferGroup[]; readonly isLeft: boolean } {
  if (!last) return { groups, isLeft: false };
  const [shown, ticked] = [new Set(last.shown), new Set(last.ticked)];
  let isLeft = false;
  const begin = (scope: OfferedScope): OfferedScope => {
    const checked = ticked.has(scope.value);
    isLeft ||= checked !== scope.checked;
    const parts = scope.parts?.map(begin);
    return { ...scope, checked, ...(parts ? { parts } : {}) };
  };
  const left = groups.map((group) => {
    if (!KEPT.has(group.id)) return group;
    return { ...group, scopes: group.scopes.map((scope) => (shown.has(scope.value) ? begin(scope) : scope)) };
  });
  return { groups: left, isLeft };
}

/**
 * Who shares the whole has not left out any part of it.
 *
 * @param posted whatever a form says was ticked
 */
export function boxesOf(groups: readonly OfferGroup[], posted: ReadonlySet<string>): Boxes {
  const shown = groups
    .flatMap((group) => group.scopes)
    .flatMap(({ value, parts = [] }) => [
      value,
      ...(posted.has(value) ? [] : parts.map((part) => part.value)),
    ]);
  return { shown, ticked: shown.filter((value) => posted.has(value)) };
}
