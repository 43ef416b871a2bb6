import { describeOperation, isOpen, type History, type Operation } from './history.ts';
import { TAKEN, type Speaker, type Story } from './story.ts';

/** Everything a client may ever be told. */
const STATUSES: ReadonlySet<number> = new Set([200, 400, 401, 429, 502, 503]);

/**
 * A code whose redemption was written while nobody could be told, for longer than a request waits to find out (a second),
 * is taken back as soon as the store answers its node again. A client that comes to another node before that is told it was
 * redeemed: one that does not wait as `Retry-After` says, or comes in the moment when the store is back. Counted for itself.
 */
export const KNOWN_GAP = 'known gap, a code tried again before its redemption was taken back';
/** A node has found its store again, and taken back what it must, this long after the last fault. */
const TAKEN_BACK_MS = 1500;
/** Redis lets the answer go to the millisecond, by a clock that may be a little behind. */
const GRACE_MARGIN_MS = 500;

/** What one story's operations say about whether its grant lives. Places are those of {@link Operation}. */
interface Life {
  /** From here on the grant may have been ended: somebody began what ends it. */
  readonly mayEndFrom: number;
  /** From here on it has ended: somebody was told so. */
  readonly endedBy: number;
  /** What became of something that ends it was not told: it may end at any time, since ending is right however late it comes. */
  readonly mayEndLate: boolean;
}

/** What a history shows that must never be, in sentences; empty when all is well (C2, C3). */
export function violationsOf({ history, stories }: Speaker, graceMs: number): string[] {
  const { operations } = history;
  return [
    ...operations.flatMap((operation) => wrongAnswer(operation, operations)),
    ...groups(operations, 'assertion').flatMap(assertionUsedTwice),
    ...operations.filter(({ story }) => story < 0).flatMap(backendTokenLost),
    ...stories.flatMap((story) => violationsOfStory(story, history, graceMs)),
  ];
}

function wrongAnswer(operation: Operation, all: readonly Operation[]): string[] {
  const { status, headers, body } = operation.answer;
  if (!STATUSES.has(status)) return [`no answer for a client: ${describeOperation(operation)}`];
  if (operation.isCalm && status === 503 && !isAnsweredLater(operation, all))
    return [`not settled: ${describeOperation(operation)}`];
  if (status !== 503 || (headers.has('retry-after') && body.error === 'temporarily_unavailable')) return [];
  return [`503 without Retry-After or its code: ${describeOperation(operation)}`];
}

/** Who is told to come again, and does so while all is calm, is served. */
function isAnsweredLater({ kind, story, shown, began }: Operation, all: readonly Operation[]): boolean {
  return all.some(
    (other) =>
      other.kind === kind &&
      other.story === story &&
      other.shown === shown &&
      other.began > began &&
      other.answer.status !== 503,
  );
}

function assertionUsedTwice(uses: readonly Operation[]): string[] {
  const accepted = uses.filter(isGood);
  if (accepted.length > 1) return [`an assertion was accepted twice: ${described(accepted)}`];
  // Who is the first cannot be a replay.
  const [first] = uses.toSorted((one, other) => one.ended - other.ended);
  const isFirst = first && uses.every((other) => other === first || other.began > first.ended);
  return isFirst && first.answer.status === 401 && !isFromBefore(first)
    ? [`a good assertion was refused: ${described([first])}`]
    : [];
}

function backendTokenLost(operation: Operation): string[] {
  const isLost = operation.kind === 'introspect' && operation.answer.body['active'] === false;
  return isLost ? [`a backend token is not active: ${describeOperation(operation)}`] : [];
}

function violationsOfStory(story: Story, { operations, notes }: History, graceMs: number): string[] {
  const own = operations.filter(({ story: id, kind }) => id === story.id && kind !== 'authorize');
  const life = lifeOf(story, own, graceMs);
  return [
    ...singleUse(own),
    ...groups(own, 'refresh').flatMap(oneSuccessor),
    ...own.flatMap((operation) => [
      ...deadAndAnswered(operation, life),
      ...goodAndRefused(operation, life, own, notes),
      ...isAliveAndInactive(operation, life, own),
      ...takenAndGiven(operation, own),
      ...oldAndAnswered(operation, story, own, graceMs),
    ]),
  ];
}

function singleUse(own: readonly Operation[]): string[] {
  const redeemed = own.filter((one) => one.kind === 'redeem' && isGood(one));
  return redeemed.length > 1 ? [`a code was redeemed twice: ${described(redeemed)}`] : [];
}

function oneSuccessor(uses: readonly Operation[]): string[] {
  const answers = new Set(uses.filter(isGood).map(({ answer }) => JSON.stringify(answer.body)));
  return answers.size > 1 ? [`a refresh token has two successors: ${described(uses.filter(isGood))}`] : [];
}

/** Ended is ended: whatever began later gets nothing (revoke is final). */
function deadAndAnswered(operation: Operation, { endedBy }: Life): string[] {
  if (operation.began < endedBy || !isGood(operation) || operation.kind === 'revoke') return [];
  if (operation.kind === 'introspect' && operation.answer.body['active'] !== true) return [];
  return [`the grant had ended: ${describeOperation(operation)}`];
}

/** What somebody has taken back is given to nobody who asks later. */
function takenAndGiven(operation: Operation, own: readonly Operation[]): string[] {
  const { kind, answer, began } = operation;
  if (kind !== 'introspect' || answer.body['active'] !== true || !answer.body.scope.includes(TAKEN))
    return [];
  const taken = own.filter((one) => one.kind === 'narrow' && isGood(one) && one.ended < began);
  return taken.length > 0 ? [`taken back and given: ${described([...taken, operation])}`] : [];
}

/** A refresh token whose successor was used, or whose answer is no longer kept, gives nothing more (C3). */
function oldAndAnswered(
  operation: Operation,
  { chain }: Story,
  own: readonly Operation[],
  graceMs: number,
): string[] {
  const { kind, shown, began, ms } = operation;
  if (kind !== 'refresh' || !isGood(operation)) return [];
  const later = chain.slice(chain.indexOf(shown) + 1);
  const refreshes = own.filter((one) => one.kind === 'refresh' && isGood(one) && one !== operation);
  const used = refreshes.filter((one) => later.includes(one.shown) && one.ended < began);
  const given = refreshes.filter(
    (one) => one.shown === shown && one.ms[1] + graceMs + GRACE_MARGIN_MS < ms[0],
  );
  const why = [...used, ...given];
  return why.length > 0 ? [`old and answered: ${described([...why, operation])}`] : [];
}

/** Nothing that is good is refused, not even while the store is away: an app would throw it away. */
function goodAndRefused(
  operation: Operation,
  { mayEndFrom }: Life,
  own: readonly Operation[],
  notes: History['notes'],
): string[] {
  const { kind, answer } = operation;
  if (answer.status !== 400 || operation.ended > mayEndFrom || isFromBefore(operation)) return [];
  if (kind === 'refresh') return [`good and refused: ${describeOperation(operation)}`];
  if (kind !== 'redeem' || isRepeated(operation, own)) return [];
  // The node died with the answer: nobody is left to take the redemption back (F21).
  if (own.some((one) => one.kind === 'redeem' && one.answer.status === 502 && one.began < operation.ended))
    return [];
  const first = own.find((one) => one.kind === 'redeem' && one.answer.status === 400);
  // What was refused once is refused for good: told once.
  if (first !== operation) return [];
  const redeems = own.filter((one) => one.kind === 'redeem');
  // The one that came too soon may have been told 503, and have ended the grant all the same.
  const isHasty = redeems
    .filter(({ began }) => began <= operation.began)
    .some((attempt) => redeems.some((one) => isTooSoonAfter(one, attempt, notes)));
  return [`${isHasty ? KNOWN_GAP : 'good and refused'}: ${describeOperation(operation)}`];
}

/** Made before a Redis was replaced or made a replica: refused by rule, here and everywhere (C2.8). */
function isFromBefore({ answer }: Operation): boolean {
  return /before a failure of the server/.test(String(answer.body['error_description']));
}

function isTooSoonAfter(refused: Operation, { began, ms }: Operation, notes: History['notes']): boolean {
  if (refused.answer.status !== 503 || refused.ended > began) return false;
  // A fault is noted when it ends.
  const isSoon = notes.some(({ ms: at, text }) => text.startsWith('fault:') && at > ms[0] - TAKEN_BACK_MS);
  return isSoon || ms[0] - refused.ms[1] < Number(refused.answer.headers.get('retry-after')) * 1000;
}

function isAliveAndInactive(operation: Operation, life: Life, own: readonly Operation[]): string[] {
  const { kind, shown, answer } = operation;
  if (kind !== 'introspect' || answer.body['active'] === undefined) return [];
  const revocations = own.filter((one) => one.kind === 'revoke' && one.shown === shown);
  if (answer.body['active'] === true) {
    const before = revocations.filter((one) => isGood(one) && one.ended < operation.began);
    return before.length > 0 ? [`revoked and active: ${described([...before, operation])}`] : [];
  }
  if (revocations.some(({ began }) => began < operation.ended)) return [];
  // At the end the refresh says which it is, also where it was open before.
  const lives = !life.mayEndLate && own.some((one) => one.isCalm && isGood(one) && one.kind === 'refresh');
  if (operation.ended > life.mayEndFrom && !(operation.isCalm && lives)) return [];
  return [`good and not active: ${describeOperation(operation)}`];
}

function lifeOf({ chain }: Story, own: readonly Operation[], graceMs: number): Life {
  const mayEnd = own.filter((operation) => {
    const { kind, shown } = operation;
    if (kind === 'revoke') return chain.includes(shown);
    if (kind === 'redeem') return isReplay(operation, own);
    // One that is answered has ended nothing.
    if (kind !== 'refresh' || isGood(operation)) return false;
    return isOld(operation, chain, own) || isLate(operation, own, graceMs);
  });
  const ended = own.filter((operation) => {
    const { kind, shown, answer } = operation;
    if (kind === 'revoke') return answer.status === 200 && chain.includes(shown);
    if (kind === 'redeem') return answer.status === 400 && chain.length > 0 && !isFromBefore(operation);
    return kind === 'refresh' && answer.status === 400;
  });
  return {
    mayEndFrom: Math.min(...mayEnd.map(({ began }) => began)),
    endedBy: Math.min(...ended.map((operation) => operation.ended)),
    mayEndLate: mayEnd.some(({ answer }) => isOpen(answer)),
  };
}

/** A redemption of a code that was redeemed with success, or is being redeemed. */
function isReplay(operation: Operation, own: readonly Operation[]): boolean {
  return own.some(
    (other) =>
      other.kind === 'redeem' &&
      other !== operation &&
      other.began < operation.began &&
      (isGood(other) || other.ended > operation.began),
  );
}

/** Beside another redemption of the same code, whichever came first. */
function isRepeated(operation: Operation, own: readonly Operation[]): boolean {
  return own.some(
    (other) =>
      other !== operation &&
      other.kind === 'redeem' &&
      (isGood(other) || other.ended > operation.began) &&
      other.began < operation.ended,
  );
}

/** A refresh token whose successor may have been used when this was decided. */
function isOld(operation: Operation, chain: readonly string[], own: readonly Operation[]): boolean {
  const later = chain.slice(chain.indexOf(operation.shown) + 1);
  return own.some(
    ({ kind, shown, began }) => kind === 'refresh' && began < operation.ended && later.includes(shown),
  );
}

/**
 * A refresh that somebody was given the answer to, shown again when that is no longer kept. One that nobody was answered is
 * good however late it comes.
 */
function isLate({ shown, ms }: Operation, own: readonly Operation[], graceMs: number): boolean {
  const same = own.filter((one) => one.kind === 'refresh' && one.shown === shown);
  const written = Math.min(...same.map((one) => one.ms[0]));
  return same.some((one) => isGood(one) && one.ms[0] < ms[1]) && ms[1] >= written + graceMs;
}

function isGood({ answer }: Operation): boolean {
  return answer.status === 200;
}

function groups(operations: readonly Operation[], kind: Operation['kind']): (readonly Operation[])[] {
  const all = operations.filter((operation) => operation.kind === kind);
  return [...Map.groupBy(all, ({ shown }) => shown).values()];
}

function described(operations: readonly Operation[]): string {
  return operations.map(describeOperation).join('; ');
}
