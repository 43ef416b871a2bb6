/** What the server hands to each template. One ordinary example per page; tests vary them. */

import { factorScreens } from './factor-samples.ts';
import { form, page } from './sample-page.ts';

const app = {
  name: 'Growth Chart',
  host: 'growth.example',
  verified: true,
  kind: 'public',
};

export const login = {
  page: page('Sign in'),
  app,
  form: form('login'),
  launchedBy: 'Opened from your health record system.',
};

const loginWithLanguages = {
  ...login,
  page: {
    ...page('Sign in'),
    languages: [{ tag: 'es', name: 'Español', href: '/interaction/4f1c?lang=es' }],
  },
};

export const loginWithProviders = {
  ...login,
  // In a frame of the EHR.
  ...{ forgottenHref: '/account/forgotten', forgottenApart: true },
  providers: [
    { id: 'hospital', name: 'Riverside Hospital' },
    { id: 'clinic', name: 'Klinik am Fluß & Söhne' },
  ],
};

const loginAtProviderOnly = {
  ...loginWithProviders,
  noPasswords: true,
  error: 'Riverside Hospital does not answer now. Nothing is lost: wait a moment and try again.',
};

export const toProvider = {
  page: page('Going to another page'),
  provider: { name: 'Riverside Hospital' },
  url: 'https://login.riverside.example/auth?client_id=gatehouse&state=5Zq1',
};

export const loginRefused = {
  ...login,
  app: { ...app, verified: false },
  username: 'dshaw',
  error: 'That username and password do not match. Check both and try again.',
};

export const choosePatient = {
  page: page('Choose a patient'),
  app,
  user: { name: 'Dr Ann Lee' },
  form: form('patient'),
  search: {
    query: 'shaw',
    action: '/interaction/4f1c',
    hidden: [{ name: 'view', value: 'patients' }],
  },
  patients: [
    { id: 'p1', name: 'Amy Shaw', birthDate: '20 March 2008', mrn: '1032702', sex: 'female' },
    { id: 'p2', name: 'Daniel Shaw', birthDate: '4 July 1979', mrn: '1032699' },
    { id: 'p3', name: 'ليلى حداد', birthDate: '1 January 1990', sex: 'female' },
    { id: 'p4', name: 'Maximiliane-Friederike von Shaw-Hohenlohe', birthDate: '30 November 1951', mrn: '99' },
  ],
  selected: 'p1',
  pager: { next: '/interaction/4f1c?query=shaw&page=2', label: 'Page 1' },
};

const choosePatientRefused = {
  ...choosePatient,
  recent: [{ id: 'p9', name: 'Rosa Recent', birthDate: '2 May 1966', mrn: '77' }],
  selected: '',
  error: 'Choose one patient to continue.',
  pager: { previous: '/interaction/4f1c?page=1', next: '/interaction/4f1c?page=3', label: 'Page 2' },
};

export const choosePatientNone = {
  ...choosePatient,
  patients: [],
  notice: 'No patient matches “x”.',
  pager: { label: 'Page 1' },
};

const chooseRecord = {
  page: page('Whose record is this for?'),
  app,
  user: { name: 'Grace Shaw' },
  form: form('patient'),
  records: [
    { id: 'p7', name: 'Grace Shaw', birthDate: '17 May 1984', sex: 'female', actsAs: 'Your own record' },
    {
      ...{ id: 'p1', name: 'Amy Shaw', birthDate: '20 March 2008', mrn: '1032702' },
      actsAs: 'You act as parent, until 19 March 2026',
    },
    { id: 'p3', name: 'ليلى حداد', actsAs: 'You act with a health care power of attorney' },
  ],
};

const chooseRecordRefused = { ...chooseRecord, error: 'Choose one of the patients.' };

export const chooseEncounter = {
  page: page('Choose a visit'),
  app,
  form: form('encounter'),
  patient: { name: 'Amy Shaw', birthDate: '20 March 2008' },
  encounters: [
    { id: 'e1', label: 'Well-child visit', when: '12 February 2026, 09:30', status: 'in progress' },
    { id: 'e2', label: 'Emergency department', when: '3 January 2026', status: 'finished' },
  ],
};

export const consent = {
  stopAt: 'auth.riverside.example/apps',
  page: page('Allow access'),
  app,
  user: { name: 'Daniel Shaw' },
  patient: {
    ...{ name: 'Amy Shaw', birthDate: '20 March 2008' },
    actsAs: 'You act as parent, until 19 March 2026',
  },
  fhirServer: { name: 'Riverside patient records', host: 'fhir.riverside.example' },
  form: form('consent'),
  groups: [
    {
      id: 'record',
      legend: 'Health record',
      hint: 'Measurements and care about Amy Shaw.',
      scopes: [
        {
          value: 'patient/Observation.rs?category=vital-signs',
          label: 'Vital signs',
          detail: 'Height, weight, head circumference, blood pressure',
          checked: true,
          write: false,
          wildcard: false,
        },
        {
          value: 'patient/Condition.rs',
          label: 'Health problems',
          detail: 'Diagnoses and concerns, past and present',
          checked: true,
          write: false,
          wildcard: false,
        },
        {
          value: 'patient/*.rs',
          label: 'The whole record',
          checked: false,
          write: false,
          wildcard: true,
        },
      ],
    },
    {
      id: 'changes',
      legend: 'Changes to the health record',
      hint: 'The app can only change what is ticked.',
      scopes: [
        {
          value: 'patient/Observation.cu',
          label: 'Measurements: make changes',
          detail: 'The app can add and change these.',
          checked: true,
          write: true,
          wildcard: false,
        },
      ],
    },
    {
      id: 'lasting',
      legend: 'Staying connected',
      scopes: [
        {
          value: 'offline_access',
          label: 'Keep access when you are away',
          detail: 'Without this, access ends when you close the app',
          checked: true,
          write: false,
          wildcard: false,
        },
      ],
    },
  ],
  access: {
    until: 'Access ends after one hour, or, if “Stay connected” is ticked, after the time you choose here.',
    offline: true,
    durations: [
      { value: 'once', label: 'Once', detail: 'Access ends after one hour.', checked: false },
      { value: '30-days', label: '30 days', detail: 'Until 20 February 2027.', checked: false },
      {
        value: 'until-stopped',
        label: 'Until I stop it',
        detail: 'It ends earlier when unused.',
        checked: true,
      },
    ],
  },
  always: ['Your name and role', 'Which patient you chose'],
};

const consentInEmergency = {
  ...consent,
  groups: consent.groups.filter(({ id }) => id !== 'lasting'),
  access: { until: 'Access ends after 15 minutes.', offline: false },
  emergency: { minutes: 15, why: 'She was brought in unconscious' },
};
const emergency = {
  ...{ page: page('Emergency access'), app, user: { name: 'Dr Dora Singh' } },
  ...{ form: form('emergency'), minutes: 15, maxLength: 500 },
};
const emergencyRefused = { ...emergency, why: 'urgent', error: 'Say why, in 10 letters or more.' };
export const consentRefused = {
  ...consent,
  leftOut: true,
  page: { ...page('Allow access'), logoHref: '/assets/logo.svg' },
  app: {
    ...{ ...app, verified: false, kind: 'confidential' },
    about: 'Our own app for growth charts. Ask at the desk if you have questions.',
  },
  error: 'Tick at least one item, or choose Cancel.',
};

export const handover = {
  page: page('Taking you back'),
  app: { name: 'Growth Chart' },
  url: 'https://growth.example/callback?code=abc&state=x;y&iss=https%3A%2F%2Fid.riverside.example',
};

export const failure = {
  page: page('Something went wrong'),
  heading: 'This app could not be opened',
  message:
    'The app sent you here with an address we do not recognise, so we stopped to keep your records safe.',
  advice: 'Close this page and open the app again. If it keeps happening, tell the people who make the app.',
  code: 'invalid_request',
  description: 'redirect_uri did not match any registered redirect_uris',
  reference: 'kq7h-3mzt-9w2c',
  restartHref: '/launch/again',
};

export const signOut = {
  page: page('Sign out'),
  form: { action: '/session/end/confirm', hidden: [{ name: 'xsrf', value: 'x-91' }] },
  buttons: { signOut: { name: 'logout', value: 'yes' }, stay: { name: 'stay', value: 'yes' } },
};

const home = { page: page('Sign-in server'), myAppsHref: '/apps' };

const myApps = {
  page: page('Apps that can use health records'),
  user: { name: 'Amy Shaw' },
  form: { action: '/apps', csrf: 'csrf-5Zq1', step: 'my-apps' },
  all: 'all',
  signOutHref: '/logout',
  historyHref: '/apps/history',
  accountHref: '/account',
  byOthers: [],
  apps: [
    {
      ref: 'ref-1',
      changeHref: '/apps/ref-1',
      app: { name: 'Growth Chart', host: 'growth.example' },
      patient: 'Amy Shaw',
      fhirServer: 'Riverside records',
      allowedOn: '3 February 2026 at 09:30 UTC',
      until: '14 May 2026, or later: each time the app comes back, it gets more time',
      lastUse: '20 February 2026',
      seen: ['Vital signs, such as weight and blood pressure (read on 20 February 2026)'],
      may: [{ legend: 'From the health record', labels: ['Vital signs', 'Health problems'] }],
      ...{ isForOther: true, canWrite: true, always: true },
    },
    {
      ref: 'ref-2',
      changeHref: '/apps/ref-2',
      app: { name: 'ليلى', host: 'xn--mgbh0fb.example' },
      fhirServer: 'Riverside records',
      allowedOn: '1 January 2026 at 14:05 UTC',
      until: '1 January 2026',
      lastUse: 'Not known. The app last came back on 1 January 2026.',
      seen: [],
      may: [],
      ...{ isForOther: false, canWrite: false, always: false },
    },
  ],
};

const byOthers = { ...myApps.apps[0], changeHref: undefined, allowedBy: 'Eve Shaw', isForOther: false };
const myAppsByOthers = { ...myApps, apps: myApps.apps.slice(1), byOthers: [byOthers] };
const myAppsStopped = { ...myApps, apps: [], notice: 'Done. That access has ended.' };
const myAppsRefused = { ...myApps, error: 'That access has ended already.' };
const myApp = {
  page: page('What an app may do'),
  app: { name: 'Growth Chart' },
  ref: 'ref-1',
  patient: 'Amy Shaw',
  fhirServer: 'Riverside records',
  groups: consent.groups,
  form: { action: '/apps/ref-1', csrf: 'csrf-5Zq1', step: 'my-app' },
  backHref: '/apps',
};
const { patient: _nobody, ...myAppForMany } = myApp;
const myAppRefused = {
  ...myAppForMany,
  error: 'Tick at least one kind of data, or stop all access of this app.',
};
const myHistory = {
  page: page('What you decided'),
  entries: [
    {
      kind: 'granted',
      app: 'Growth Chart',
      on: '3 February 2026 at 09:12 UTC',
      ...{ patient: 'Amy Shaw', isForOther: true },
      fhirServer: 'Riverside records',
      until: 'When the app does not come back any more',
      reference: 'kq7h-3mzt-9w2c',
      kept: ['Vital signs', 'Health problems'],
      refused: ['Keep access when you are not using the app'],
    },
    {
      kind: 'expired',
      why: 'expiry',
      app: 'Growth Chart',
      on: '2 February 2026 at 23:59 UTC',
      fhirServer: 'Riverside records',
      reference: 'kq7h-3mzt-9w2d',
      kept: [],
      refused: ['Vital signs'],
    },
    {
      kind: 'stopped',
      why: 'token-reuse',
      app: 'ليلى',
      on: '1 January 2026 at 12:00 UTC',
      fhirServer: 'Riverside records',
      reference: 'bcdf-ghjk-mnpq',
      kept: [],
      refused: [],
    },
  ],
  pager: { previous: '/apps/history?page=1', next: '/apps/history?page=3', label: 'Page 2 of 3' },
  downloadHref: '/apps/history/consents.json',
  backHref: '/apps',
};
const myHistoryNone = {
  ...myHistory,
  entries: [],
  pager: { label: 'Page 1' },
  notice: 'Some entries could not be read, and are not shown here.',
};
const signInForApps = {
  page: page('Sign in'),
  lead: 'Sign in to see which apps can use health records, and to stop them.',
  form: { action: '/apps', step: 'sign-in' },
  passkeyHref: '/apps?way=passkey',
  forgottenHref: '/account/forgotten',
};

const signedOut = {
  page: page('Signed out'),
  message: 'You can close this page.',
};

/** Every page in every state a person can meet it in. */
export const screens: readonly {
  readonly screen: string;
  readonly template: string;
  readonly data: object;
}[] = [
  { screen: 'login', template: 'login', data: login },
  { screen: 'login, with languages', template: 'login', data: loginWithLanguages },
  { screen: 'login, with providers', template: 'login', data: loginWithProviders },
  { screen: 'login, at a provider only', template: 'login', data: loginAtProviderOnly },
  { screen: 'to a provider', template: 'to-provider', data: toProvider },
  { screen: 'login, refused', template: 'login', data: loginRefused },
  { screen: 'choose patient', template: 'choose-patient', data: choosePatient },
  { screen: 'choose patient, refused', template: 'choose-patient', data: choosePatientRefused },
  { screen: 'choose patient, none found', template: 'choose-patient', data: choosePatientNone },
  { screen: 'choose record', template: 'choose-record', data: chooseRecord },
  { screen: 'choose record, refused', template: 'choose-record', data: chooseRecordRefused },
  { screen: 'choose encounter', template: 'choose-encounter', data: chooseEncounter },
  { screen: 'consent', template: 'consent', data: consent },
  { screen: 'consent, refused', template: 'consent', data: consentRefused },
  { screen: 'consent in an emergency', template: 'consent', data: consentInEmergency },
  { screen: 'emergency', template: 'emergency', data: emergency },
  { screen: 'emergency, refused', template: 'emergency', data: emergencyRefused },
  { screen: 'handover', template: 'handover', data: handover },
  { screen: 'error', template: 'error', data: failure },
  { screen: 'sign out', template: 'sign-out', data: signOut },
  { screen: 'signed out', template: 'signed-out', data: signedOut },
  { screen: 'home', template: 'home', data: home },
  { screen: 'my apps', template: 'my-apps', data: myApps },
  { screen: 'my apps, allowed by others', template: 'my-apps', data: myAppsByOthers },
  { screen: 'my apps, stopped', template: 'my-apps', data: myAppsStopped },
  { screen: 'my apps, refused', template: 'my-apps', data: myAppsRefused },
  { screen: 'one app', template: 'my-app', data: myApp },
  { screen: 'one app, refused', template: 'my-app', data: myAppRefused },
  { screen: 'my history', template: 'my-history', data: myHistory },
  { screen: 'my history, none', template: 'my-history', data: myHistoryNone },
  { screen: 'login, for my apps', template: 'login', data: signInForApps },
  ...factorScreens,
];
