// What test/conformance/notes.yaml may not say: what the tests say otherwise, or what nobody keeps.

/** Every contradiction, as a sentence each. */
export function problemsOf(notes, tests, rows) {
  const ids = rows.map(({ id }) => id);
  return [
    ...bothTestedAndNoted(notes, tests, ids),
    ...laterWithoutIssue(notes),
    ...laterThoughBinding(notes, rows),
    ...showsNothing(notes, tests),
    ...unknownRows(notes, ids),
  ];
}

/**
 * The same of attacks and faults: each has a test or a reason, and never both; and of what is refused a test asserts that it is
 * on record.
 *
 * @param rows `id`, and of attacks what becomes of it: one of {@link FATES}
 * @param looksAtRecords whether a file of tests does
 */
export function threatProblemsOf({ threats: reasons, threatsShownBy }, tests, rows, looksAtRecords) {
  const ids = rows.map(({ id }) => id);
  return [
    ...withoutFate(rows),
    ...refusedOffRecord(rows, tests),
    ...auditedInName(tests, looksAtRecords),
    ...showsNothing({ shownBy: threatsShownBy }, tests),
    ...ids.filter((id) => !tests.has(id) && !(id in reasons)).map((id) => `${id} has no test and no reason`),
    ...Object.keys(reasons)
      .filter((id) => tests.has(id))
      .map((id) => `${id} is tested, and has a reason why not`),
    ...[...tests.keys(), ...Object.keys(reasons)]
      .filter((id) => !ids.includes(id))
      .map((id) => `${id} is named, and is not in attack-rows.tsv`),
  ];
}

/** What becomes of an attack; see the head of test/conformance/attack-rows.tsv. */
const FATES = new Set(['refused', 'answered', 'absent', 'counted', 'below', 'operator']);

function withoutFate(rows) {
  return rows
    .filter(({ id, fate }) => id.startsWith('A') && !FATES.has(fate))
    .map(
      ({ id, fate }) => `${id}: what becomes of it is ${fate ?? 'not said'}; say ${[...FATES].join(', ')}`,
    );
}

/** Each refusal is an audit event, and a test has to see it. */
function refusedOffRecord(rows, tests) {
  return rows
    .filter(({ id, fate }) => fate === 'refused' && !tests.get(id)?.some(({ isAudited }) => isAudited))
    .map(({ id }) => `${id} is refused, and no passed test titled [audited] asserts that it is on record`);
}

/** The word in a title is easily copied. */
function auditedInName(tests, looksAtRecords) {
  const audited = [...tests.values()].flat().filter(({ isAudited }) => isAudited);
  return [...new Set(audited.map(({ place }) => place))]
    .filter((place) => !looksAtRecords(place))
    .map((place) => `${place} has tests titled [audited], and looks at no record`);
}

export const BINDING = new Set(['SHALL', 'SHALL NOT', 'COND', 'REG', 'TEST']);

export function areaOf(id) {
  return id.split('-')[0];
}

/** A row is tested or put off, never both: either the tag or the note is wrong. */
function bothTestedAndNoted({ later, notApplicable, closedBy }, tests, ids) {
  const isTested = (id) => tests.has(id) || tests.has(closedBy[id]);
  return ids
    .filter(isTested)
    .flatMap((id) => [
      ...(id in later ? [`${id} is tested, and noted as later`] : []),
      ...(id in notApplicable || areaOf(id) in notApplicable
        ? [`${id} is tested, and noted as not applicable`]
        : []),
      ...(tests.has(id) && id in closedBy
        ? [`${id} has tests of its own, and is closed by ${closedBy[id]}`]
        : []),
    ]);
}

function laterWithoutIssue({ later, issues }) {
  return Object.entries(later)
    .filter(([, issue]) => !issues.includes(issue))
    .map(([id, issue]) => `${id} waits for “${issue}”, which is no open issue of the list`);
}

/** What binds is done or does not apply; only advice can wait. */
function laterThoughBinding({ later }, rows) {
  return rows
    .filter(({ id, strength }) => id in later && BINDING.has(strength))
    .map(({ id, strength }) => `${id} is ${strength} and cannot wait`);
}

function showsNothing({ shownBy }, tests) {
  return Object.entries(shownBy)
    .filter(([id, title]) => !tests.get(id)?.some((test) => test.title === title))
    .map(([id, title]) => `${id} is to be shown by “${title}”, and no passed test of that name carries it`);
}

function unknownRows({ later, notApplicable, closedBy, shownBy }, ids) {
  const known = new Set([...ids, ...ids.map(areaOf)]);
  return [later, notApplicable, closedBy, shownBy]
    .flatMap((noted) => Object.keys(noted))
    .filter((id) => !known.has(id))
    .map((id) => `${id} is noted, and is no requirement`);
}
