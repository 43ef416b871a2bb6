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

/** The same of attacks and faults: each has a test or a reason, and never both. */
export function threatProblemsOf({ threats: reasons }, tests, ids) {
  return [
    ...ids.filter((id) => !tests.has(id) && !(id in reasons)).map((id) => `${id} has no test and no reason`),
    ...Object.keys(reasons)
      .filter((id) => tests.has(id))
      .map((id) => `${id} is tested, and has a reason why not`),
    ...[...tests.keys(), ...Object.keys(reasons)]
      .filter((id) => !ids.includes(id))
      .map((id) => `${id} is named, and is not in attack-rows.tsv`),
  ];
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
