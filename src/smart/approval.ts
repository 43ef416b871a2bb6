import { withoutRepeats, type DroppedScope, type GrantDecision } from './grant-decision.ts';
import { asV2, granularChoices } from './granular.ts';
import { PERMISSIONS, type Permission, type ResourceScope, type Scope } from './scope.ts';
import { scopeIndex, type ScopeIndex } from './scope-index.ts';
import { build, isResourceScope, uncovered } from './scope-set.ts';

const READS: ReadonlySet<Permission> = new Set(['r', 's']);

/**
 * What a person is asked about: each permission once, and seeing apart from changing. What another scope of the offer covers
 * is not a question of its own, since to untick it would take nothing away; it goes with the one that covers it.
 */
export function askedAbout(offer: readonly Scope[]): Scope[] {
  const questions = offer.flatMap((scope): readonly Scope[] =>
    isResourceScope(scope) ? seeingAndChanging(scope) : [scope],
  );
  const visible = new Set<Scope>(uncovered(questions.filter(isResourceScope)));
  return questions.filter((scope) => !isResourceScope(scope) || visible.has(scope));
}

/** `.cruds` → `.rs` and `.cud`: who lets an app see a record need not let it write there. */
export function seeingAndChanging(scope: ResourceScope): readonly ResourceScope[] {
  const [sees, changes] = [true, false].map((isRead) =>
    PERMISSIONS.filter((letter) => scope.permissions.has(letter) && READS.has(letter) === isRead),
  );
  if (!sees?.length || !changes?.length) return [scope];
  return [sees, changes].map((letters) => build({ ...scope, permissions: new Set(letters) }));
}

/**
 * What is granted: the offer cut down to what the person approved. `approved` can only take away: it may name offered
 * scopes, seeing or changing alone ({@link askedAbout}), and the finer choices of seeing ({@link granularChoices}); any
 * other text is ignored (attack row A069). A scope of which everything is approved keeps its own text.
 *
 * `online_access` is the lesser of the two: beside `offline_access` it would not be honoured, so it is not granted
 * (REF-17), and stays for who unticks the greater.
 */
export function decideGrant(offer: readonly Scope[], approved: ReadonlySet<string>): GrantDecision {
  const answers = answersIn(offer, approved);
  const over = scopeIndex([...answers.values()].flat());
  const others = new Set(
    offer.filter((scope) => !isResourceScope(scope) && approved.has(scope.text)).map(({ text }) => text),
  );
  const decided = offer.map((scope) =>
    isResourceScope(scope)
      ? decideResource(scope, answers.get(scope) ?? [], over)
      : decideOther(scope, others),
  );
  const granted = decided.flatMap(({ granted: kept }) => kept);
  const isFiner = decided.some(({ finer }) => finer);
  return {
    // v1 cannot say a finer choice: a grant that holds one is in v2 throughout (SCO-13).
    granted: withoutRepeats(
      granted.map((scope) => (isFiner && isResourceScope(scope) ? asV2(scope) : scope)),
    ),
    dropped: decided.flatMap(({ dropped }) => dropped),
  };
}

interface Decided extends GrantDecision {
  /** Holds a finer choice than what was asked for. */
  readonly finer: boolean;
}

/** What of each scope was approved: seeing, changing, or the finer choices of seeing. */
function answersIn(
  offer: readonly Scope[],
  approved: ReadonlySet<string>,
): ReadonlyMap<Scope, readonly ResourceScope[]> {
  const questions = new Set(askedAbout(offer).map(({ text }) => text));
  const answerTo = (question: ResourceScope, isWhole: boolean): readonly ResourceScope[] => {
    if (!questions.has(question.text)) return [];
    if (isWhole || approved.has(question.text)) return [question];
    return granularChoices(question).filter(({ text }) => approved.has(text));
  };
  return new Map(
    offer.filter(isResourceScope).map((scope) => {
      const isWhole = approved.has(scope.text);
      return [scope, seeingAndChanging(scope).flatMap((question) => answerTo(question, isWhole))];
    }),
  );
}

function decideResource(scope: ResourceScope, answers: readonly ResourceScope[], over: ScopeIndex): Decided {
  const asked = seeingAndChanging(scope);
  const left = asked.filter((question) => !over.covers(question));
  if (left.length === 0) return { granted: [scope], dropped: [], finer: false };
  const texts = new Set(asked.map(({ text }) => text));
  const unmet = left.length === asked.length ? [scope] : left;
  return {
    granted: answers,
    dropped: unmet.map(({ text }) => ({ scope: text, reason: 'not-approved' })),
    finer: answers.some(({ text }) => !texts.has(text)),
  };
}

/** Some scopes stand or fall by what was approved beside them. */
function decideOther(scope: Scope, approved: ReadonlySet<string>): Decided {
  const { text } = scope;
  const refuse = (reason: DroppedScope['reason']): Decided => ({
    granted: [],
    dropped: [{ scope: text, reason }],
    finer: false,
  });
  if (text === 'online_access' && approved.has('offline_access')) return refuse('beside-offline');
  if (!approved.has(text) || (text === 'fhirUser' && !approved.has('openid'))) return refuse('not-approved');
  return { granted: [scope], dropped: [], finer: false };
}
