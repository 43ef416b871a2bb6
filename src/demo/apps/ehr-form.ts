import type { DemoPatient } from '../data/demo-data.ts';
import type { DemoPerson } from '../people.ts';

/** What the simulated EHR asks Gatehouse to launch. */
export interface LaunchRequest {
  readonly clientId: string;
  /** Which of its launch URLs to open; absent: its first. */
  readonly launchUri?: string;
  /** The FHIR server the app is launched for. */
  readonly fhirBaseUrl: string;
  /** Who is signed in to the EHR. */
  readonly username: string;
  readonly fhirUser: string;
  /** Bare id. */
  readonly patient: string;
  /** Bare id of one of that patient's encounters. */
  readonly encounter?: string;
  readonly intent?: string;
  readonly needPatientBanner: boolean;
}

/** The state of the form, as chosen so far. */
export interface EhrChoices {
  readonly person: DemoPerson;
  readonly patient: DemoPatient;
  readonly encounter: string;
  readonly intent: string;
  readonly app: EhrApp;
  readonly fhirBaseUrl: string;
  readonly needPatientBanner: boolean;
  /** The EHR answers for its user, who then need not sign in again. */
  readonly vouches: boolean;
}

/** An app the EHR can open; one with several launch URLs is there several times. */
export interface EhrApp {
  readonly clientId: string;
  readonly name: string;
  readonly launchUri?: string;
}

/** What stands for an app in the form. */
export function appKey({ clientId, launchUri }: EhrApp): string {
  return launchUri === undefined ? clientId : `${clientId} ${launchUri}`;
}

export interface EhrPeople {
  readonly people: readonly DemoPerson[];
  readonly patients: readonly DemoPatient[];
  readonly apps: readonly EhrApp[];
  readonly endpoints: readonly { readonly name: string; readonly url: string }[];
}

/** A child, so that the first app on the list has something to draw. */
const FIRST_PATIENT = 'chloe-shaw';

export const INTENTS: readonly (readonly [string, string])[] = [
  ['', 'None'],
  ['review-growth', 'Review growth'],
  ['reconcile-medications', 'Reconcile medications'],
  ['summary', 'Show a summary'],
];

/** Practitioners sit at the EHR; patients do not. */
export function ehrUsers({ people }: Pick<EhrPeople, 'people'>): DemoPerson[] {
  return people.filter(({ role }) => role === 'practitioner');
}

/**
 * Reads the form, filling in the first choice where there is none. An encounter that belongs to another patient
 * counts as not chosen and is told, so that a launch never mixes two records.
 */
export function readChoices(
  form: URLSearchParams,
  known: EhrPeople,
): { choices: EhrChoices; problem?: string } {
  const person = oneOf(ehrUsers(known), form.get('user'), ({ username }) => username);
  const patient = oneOf(known.patients, form.get('patient') ?? FIRST_PATIENT, ({ id }) => id);
  const asked = form.get('encounter') ?? patient.encounters[0]?.id ?? '';
  const isTheirs = asked === '' || patient.encounters.some(({ id }) => id === asked);
  const choices: EhrChoices = {
    person,
    patient,
    encounter: isTheirs ? asked : (patient.encounters[0]?.id ?? ''),
    intent: oneOf(INTENTS, form.get('intent'), ([value]) => value)[0],
    app: oneOf(known.apps, form.get('app'), appKey),
    fhirBaseUrl: oneOf(known.endpoints, form.get('endpoint'), ({ url }) => url).url,
    needPatientBanner: form.size === 0 || form.get('need_patient_banner') === 'true',
    vouches: form.get('vouch') === 'true',
  };
  const problem =
    'That encounter belongs to another patient. The newest one of the chosen patient is selected now.';
  return isTheirs ? { choices } : { choices, problem };
}

function oneOf<Row>(rows: readonly Row[], wanted: string | null, key: (row: Row) => string): Row {
  const row = rows.find((one) => key(one) === wanted) ?? rows[0];
  if (row === undefined) throw new TypeError('the demo has nothing to choose from');
  return row;
}

export function launchRequest(choices: EhrChoices): LaunchRequest {
  const { person, patient, encounter, intent, app, fhirBaseUrl, needPatientBanner } = choices;
  return {
    clientId: app.clientId,
    ...(app.launchUri === undefined ? {} : { launchUri: app.launchUri }),
    fhirBaseUrl,
    username: person.username,
    fhirUser: person.fhirUser,
    patient: patient.id,
    ...(encounter ? { encounter } : {}),
    ...(intent ? { intent } : {}),
    needPatientBanner,
  };
}
