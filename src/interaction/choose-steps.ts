import { ownPatient, type Account } from '../identity/index.ts';
import { languageOf, type Language } from '../language/index.ts';
import { isFhirId } from '../smart/index.ts';
import { maySee } from './acting-for.ts';
import { appView } from './app-view.ts';
import { showRecords } from './choose-record.ts';
import { dateInWords, patientView } from './patient-view.ts';
import type { EncounterSummary, PatientSummary } from './directory.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { showRefusal } from './refusals.ts';
import { patientsOf, saveProgress, type Visit } from './visit.ts';

const MAX_QUERY_LENGTH = 100;

/** Lets people choose a patient: a clinician searches for one, everybody else has a list. */
export function showPatients(
  visit: Visit,
  account: Account,
  parts: InteractionParts,
  error?: string,
): Promise<void> {
  const isClinician = patientsOf(visit, account) === undefined;
  return (isClinician ? showSearch : showRecords)(visit, account, parts, error);
}

/** Draws one page of the live patient search. */
async function showSearch(
  visit: Visit,
  account: Account,
  parts: InteractionParts,
  error?: string,
): Promise<void> {
  const { ctx, pending, fhirServer } = visit;
  const language = languageOf(ctx);
  const { say } = language;
  const query = textOf(ctx.query['query']).trim().slice(0, MAX_QUERY_LENGTH);
  const known = visit.progress.search?.query === query ? visit.progress.search.pages : [];
  const page = Math.min(
    Math.max(1, Math.trunc(Number(textOf(ctx.query['page']) || 1)) || 1),
    known.length + 1,
  );
  const link = page > 1 ? known[page - 2] : undefined;
  const [found, recent] = await Promise.all([
    parts.directory(fhirServer.url).searchPatients(query, link),
    query === '' && page === 1 ? recentPatients(visit, account, parts) : [],
  ]);
  const shownAbove = new Set(recent.map(({ id }) => id));
  const pages = [...known.slice(0, page - 1), ...(found.next === undefined ? [] : [found.next])];
  await saveProgress(visit, { search: { query, pages } }, parts);

  const action = `/interaction/${pending.uid}`;
  const to = (number: number): string => `${action}?${new URLSearchParams({ query, page: String(number) })}`;
  const data = {
    app: appView(visit),
    user: { name: account.name },
    form: formOf(visit, 'patient'),
    search: { query, action },
    ...(recent.length === 0 ? {} : { recent: recent.map((patient) => patientView(patient, language)) }),
    patients: found.patients
      .filter(({ id }) => !shownAbove.has(id))
      .map((patient) => patientView(patient, language)),
    pager: {
      label: say('choose-patient.page', { page }),
      ...(page > 1 ? { previous: to(page - 1) } : {}),
      ...(found.next === undefined ? {} : { next: to(page + 1) }),
    },
    ...(found.patients.length === 0
      ? { notice: query ? say('choose-patient.no-match', { query }) : say('choose-patient.none') }
      : {}),
    ...(error === undefined ? {} : { error }),
  };
  parts.pages.render(ctx, 'choose-patient', data, error === undefined ? 200 : 422);
}

/** Those a clinician chose lately, as far as the FHIR server still knows them. */
async function recentPatients(
  { fhirServer }: Visit,
  account: Account,
  { recentPatients: recent, directory }: InteractionParts,
): Promise<PatientSummary[]> {
  const ids = await recent.of(account.accountId, fhirServer.url);
  const read = ids.map((id) =>
    directory(fhirServer.url)
      .readPatient(id)
      .catch(() => undefined),
  );
  return (await Promise.all(read)).filter((patient) => patient !== undefined);
}

/** Takes the chosen patient, after asking the FHIR server that there is such a one (CONS-06, A069). */
export async function takePatient(
  visit: Visit,
  account: Account,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<'chosen' | 'shown'> {
  const id = fields.get('patient')?.[0];
  const patient =
    isFhirId(id) && maySee(visit, account, id)
      ? await parts.directory(visit.fhirServer.url).readPatient(id)
      : undefined;
  if (!patient) {
    await showPatients(visit, account, parts, languageOf(visit.ctx).say('choose-patient.choose'));
    return 'shown';
  }
  if (patientsOf(visit, account) === undefined) await noteChoice(visit, account, patient.id, parts);
  const { encounter: _encounter, ...kept } = visit.progress;
  await saveProgress({ ...visit, progress: kept }, { patient }, parts);
  return 'chosen';
}

async function noteChoice(
  { fhirServer }: Visit,
  { accountId }: Account,
  patient: string,
  { recentPatients: recent, log }: InteractionParts,
): Promise<void> {
  await recent.note(accountId, fhirServer.url, patient).catch((error: unknown) => {
    log.warn({ err: error }, 'a choice could not be noted');
  });
}

export async function showEncounters(
  visit: Visit,
  account: Account,
  patient: string,
  parts: InteractionParts,
  error?: string,
): Promise<void> {
  const words = await patientInWords(visit, patient, parts);
  if (!words) return showRefusal(visit, account, 'unknown-patient', parts);
  const encounters = await parts.directory(visit.fhirServer.url).encountersOf(patient);
  const language = languageOf(visit.ctx);
  const data = {
    patient: words,
    form: formOf(visit, 'encounter'),
    encounters: encounters.map((encounter) => encounterView(encounter, language)),
    ...(encounters.length === 0 ? { notice: language.say('choose-encounter.none') } : {}),
    ...(error === undefined ? {} : { error }),
  };
  parts.pages.render(visit.ctx, 'choose-encounter', data, error === undefined ? 200 : 422);
}

export async function takeEncounter(
  visit: Visit,
  account: Account,
  patient: string,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
): Promise<'chosen' | 'shown'> {
  const id = fields.get('encounter')?.[0];
  const encounter = (await parts.directory(visit.fhirServer.url).encountersOf(patient)).find(
    (one) => one.id === id,
  );
  if (!encounter) {
    await showEncounters(
      visit,
      account,
      patient,
      parts,
      languageOf(visit.ctx).say('choose-encounter.choose'),
    );
    return 'shown';
  }
  await saveProgress(visit, { encounter }, parts);
  return 'chosen';
}

/**
 * Name and birth date of a patient for people to check; when the FHIR server is away, one's own name, or the id alone; `undefined` when the
 * FHIR server knows no such patient, and then nobody may share that record.
 */
export async function patientInWords(
  { progress, fhirServer, ctx, account }: Visit,
  id: string,
  { directory, log }: InteractionParts,
): Promise<{ name: string; birthDate?: string } | undefined> {
  const language = languageOf(ctx);
  if (progress.patient?.id === id) return patientView(progress.patient, language);
  try {
    const patient = await directory(fhirServer.url).readPatient(id);
    return patient && patientView(patient, language);
  } catch (error) {
    log.warn({ err: error }, 'the FHIR server did not tell the name of a patient');
    // Whose record it is we know of themselves.
    if (account && ownPatient(account) === id) return { name: account.name };
    return { name: language.say('patient.nameless', { id }) };
  }
}

function encounterView({ id, label, start, status }: EncounterSummary, language: Language) {
  return { id, label, when: dateInWords(start, language) ?? '', status: status?.replaceAll('-', ' ') };
}

function textOf(value: string | string[] | undefined): string {
  return [value].flat()[0] ?? '';
}
