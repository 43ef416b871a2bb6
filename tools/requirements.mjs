// `npm run requirements`: reads which requirements the tests name and writes docs/conformance.md, row by row. Titles come
// from jest's own reports, which `npm test` leaves in reports/. With --check it writes nothing and fails when the page is
// stale. Either way it writes the tests by row into reports/tests.json, and fails when a binding row of a closed area is neither tested nor noted, and when the notes contradict
// the tests or name an issue that is not open. The second part of the page is the attacks and faults of attack-rows.tsv: each of
// them has a test, or a reason in the notes; and what is refused has a test that asserts what is on record of it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

import { ROOT, fail } from './ready.mjs';
import { writeTestReport } from './test-report.mjs';
import { BINDING, areaOf, problemsOf, threatProblemsOf } from './requirement-notes.mjs';
import { THREAT, readTests } from './requirement-tests.mjs';

/**
 * Ids of the security requirements, SEC-1 to SEC-13, that read like rows of this page and are none. The others of them have one
 * digit, which no row has.
 */
const SECURITY = new Set(['SEC-11', 'SEC-12', 'SEC-13']);
const REPORTS = path.join(ROOT, 'reports');
const PAGE = path.join(ROOT, 'docs', 'conformance.md');

const rows = readRows('rows.tsv').map(([id, strength]) => ({ id, strength }));
const threats = readRows('attack-rows.tsv').map(([id, what, fate]) => ({ id, what, fate }));
const notes = parse(readFileSync(path.join(ROOT, 'test', 'conformance', 'notes.yaml'), 'utf8'));
if (!existsSync(REPORTS)) fail('there are no reports yet; run npm test first');
const tests = readTests(REPORTS, ROOT);
const threatTests = readTests(REPORTS, ROOT, THREAT);
const judged = rows.map((row) => ({ ...row, ...judge(row) }));
const answered = threats.map((threat) => ({ ...threat, ...answerTo(threat.id) }));
const page = write(judged, answered);

const unknown = [...tests.keys()].filter((id) => !rows.some((row) => row.id === id) && !SECURITY.has(id));
const open = judged.filter(
  ({ id, strength, status }) =>
    status === 'open' && BINDING.has(strength) && notes.closed.includes(areaOf(id)),
);
const contradictions = [
  ...problemsOf(notes, tests, rows),
  ...threatProblemsOf(notes, threatTests, threats, looksAtRecords),
];
writeTestReport(REPORTS, ROOT);
if (contradictions.length > 0) fail(contradictions.join('\n'));
if (process.argv.includes('--check')) {
  if (!existsSync(PAGE) || readFileSync(PAGE, 'utf8') !== page)
    fail('docs/conformance.md is stale; run npm run requirements');
} else writeFileSync(PAGE, page);
if (open.length > 0) fail(`neither tested nor noted: ${open.map(({ id }) => id).join(', ')}`);
if (unknown.length > 0) fail(`tests name requirements that do not exist: ${unknown.join(', ')}`);
process.stdout.write(`${summary(judged)}\n${threatSummary(answered)}\n`);

function readRows(name) {
  return readFileSync(path.join(ROOT, 'test', 'conformance', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
}

function answerTo(id) {
  const test = shownBy(threatTests, notes.threatsShownBy, id);
  if (test) return { status: 'tested', by: `${test.title} (\`${test.place}\`)` };
  return { status: 'not applicable', by: notes.threats[id] ?? '' };
}

function threatSummary(all) {
  const tested = all.filter(({ status }) => status === 'tested').length;
  return `${all.length} attacks and faults: ${tested} tested, ${all.length - tested} not applicable`;
}

function judge({ id }) {
  const test = shownBy(tests, notes.shownBy, id);
  if (test) return { status: 'tested', by: `${test.title} (\`${test.place}\`)` };
  const same = notes.closedBy[id];
  const other = shownBy(tests, notes.shownBy, same);
  if (other) return { status: 'tested', by: `with ${same}: ${other.title} (\`${other.place}\`)` };
  const reason = notes.notApplicable[id] ?? notes.notApplicable[areaOf(id)];
  if (reason) return { status: 'not applicable', by: reason };
  if (notes.later[id]) return { status: 'later', by: `issue “${notes.later[id]}”` };
  return { status: 'open', by: '' };
}

/** The test that the notes name for the row, or else the one that shows most; of a threat, one that looks at the record. */
function shownBy(found, chosen, id) {
  const all = found.get(id) ?? [];
  const isThreat = found === threatTests;
  return (
    all.find(({ title }) => title === chosen[id]) ??
    all.find(({ isAudited }) => isThreat && isAudited) ??
    all[0]
  );
}

/** In a file of tests that asserts audit events, they are asked for by one of these. */
function looksAtRecords(place) {
  return /\baudit\b/.test(readFileSync(path.join(ROOT, place), 'utf8'));
}

function summary(all) {
  const count = (status) => all.filter((row) => row.status === status).length;
  const words = ['tested', 'not applicable', 'later', 'open'].map((status) => `${count(status)} ${status}`);
  return `${all.length} requirements: ${words.join(', ')}`;
}

function write(all, threats) {
  const areas = [...new Set(all.map(({ id }) => areaOf(id)))];
  const sections = areas.map((area) => {
    const lines = all
      .filter(({ id }) => areaOf(id) === area)
      .map(({ id, strength, status, by }) => `| ${id} | ${strength} | ${status} | ${escape(by)} |`);
    return `## ${area}\n\n| row | strength | status | shown by |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
  });
  return `<!-- Written by npm run requirements from the titles of the tests. Do not edit. -->

# Conformance

Each requirement of SMART App Launch 1.0 to 2.2, US Core and ONC (g)(10), and a test that shows it. \`open\` says that
nothing shows it yet.

${summary(all)}

${sections.join('\n')}
# Attacks and faults

What somebody may try, and what may break, and a test that shows what happens then.

${threatSummary(threats)}

${tableOf('Attacks', threats, 'A')}
${tableOf('Faults', threats, 'F')}`;
}

function tableOf(name, threats, letter) {
  const lines = threats
    .filter(({ id }) => id.startsWith(letter))
    .map(({ id, what, status, by }) => `| ${id} | ${what} | ${status} | ${escape(by)} |`);
  return `## ${name}\n\n| id | what | status | shown by |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
}

function escape(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 240);
}
