import { form, page } from './sample-page.ts';

const secondStep = {
  page: page('One more step'),
  ask: 'Code from your app',
  isNumber: true,
  canCancel: true,
  form: { ...form('second'), hidden: [{ name: 'way', value: 'app' }] },
  ways: [{ label: 'Use a printed code', href: '/interaction/4f1c?way=recovery-code' }],
};
const { canCancel: _out, ...alone } = secondStep;
const secondStepRefused = {
  ...{ ...alone, isNumber: false, ways: [], signOutHref: '/logout' },
  error: 'That code is not right. Look again and type it once more.',
};

const setUpApp = {
  page: page('Set up an app for codes'),
  canCancel: true,
  secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  url: 'otpauth://totp/Riverside:dana?secret=JBSWY3DPEHPK3PXP',
  ways: [{ label: 'Make a passkey', href: '/interaction/4f1c?way=passkey' }],
  qr: {
    size: 29,
    runs: [
      [4, 4, 7],
      [12, 4, 1],
      [4, 5, 1],
    ],
  },
  form: form('enrol'),
};
const { canCancel: _neither, ...setUpAlone } = setUpApp;
const setUpAppRefused = {
  ...{ ...setUpAlone, signOutHref: '/logout' },
  error: 'That code is not right. Look again and type it once more.',
};

const printedCodes = {
  page: page('Your printed codes'),
  username: 'dshaw',
  codes: Array.from({ length: 10 }, (_, at) => `k7p${at}-3mzt-9w2c`),
  onward: '/interaction/4f1c',
};

const passkey = {
  page: page('Use your passkey'),
  canCancel: true,
  form: form('second'),
  passkey: { kind: 'get', options: '{"challenge":"abc"}', label: 'Use a passkey' },
  ways: [{ label: 'Use a code from your app', href: '/interaction/4f1c?way=totp' }],
};
const { canCancel: _never, ...passkeyAlone } = passkey;
const passkeyRefused = {
  ...passkeyAlone,
  ways: [],
  backHref: '/account',
  error: 'We do not know this passkey.',
};
const passkeyOnly = { ...passkey, ways: [], accountHref: '/account' };
const newPasskey = {
  page: page('Add a passkey'),
  canCancel: true,
  maxLength: 60,
  form: form('enrol'),
  passkey: { kind: 'create', options: '{"challenge":"abc"}', label: 'Make a passkey' },
  ways: [{ label: 'Use an app for codes', href: '/interaction/4f1c' }],
};

const accountForm = { action: '/account', csrf: 'csrf-5Zq1', step: 'account' };
const account = {
  page: page('How you sign in'),
  user: { name: 'Daniel Shaw', username: 'dshaw' },
  passwordHref: '/account/password',
  app: { href: '/account/app', ref: 'app', since: 'Set up on 3 February 2026' },
  passkeys: [
    {
      ref: 'passkey a',
      name: 'Phone',
      since: 'Set up on 3 February 2026',
      used: 'Last used on 5 March 2026',
    },
    { ref: 'passkey b', name: 'ليلى', since: 'Set up on 4 February 2026' },
  ],
  email: { href: '/account/email', address: 'dshaw@riverside.example' },
  newPasskeyHref: '/account/passkey',
  codes: { href: '/account/codes', left: '7 codes are left.' },
  sessions: [
    {
      ref: 's1',
      isHere: true,
      name: 'Firefox, Linux',
      since: 'Signed in: 26 November 2026 at 08:30 UTC',
      seen: 'Last seen: 26 November 2026 at 14:05 UTC',
    },
    {
      ref: 's2',
      isHere: false,
      name: 'Chrome',
      since: 'Signed in: 3 February 2026 at 09:12 UTC',
      seen: 'Last seen: 25 November 2026 at 20:41 UTC',
      network: '192.0.2.0/24',
    },
  ],
  form: accountForm,
  backHref: '/apps',
  signOutHref: '/logout',
  notice: 'Done. It is removed.',
};
const { codes: _codes, notice: _notice, passwordHref: _password, ...bare } = account;
const accountBare = {
  ...{ ...bare, app: { href: '/account/app' }, passkeys: [], sessions: [] },
  error: 'You need a second factor. Set up another one first.',
};
const changePassword = {
  page: page('Change your password'),
  username: 'dshaw',
  rules: 'At least 15 characters.',
  form: { ...accountForm, step: 'password' },
  backHref: '/account',
};
const changePasswordRefused = { ...changePassword, error: 'This password is too short.' };
const newCodes = {
  page: page('Make new printed codes'),
  form: { ...accountForm, step: 'new-codes' },
  backHref: '/account',
};

const mailedCode = {
  ...{ ...secondStep, ask: 'Code from the mail', sendLabel: 'Send me a code' },
  ...{ sendsTo: 'd•••@riverside.example', haveCodeHref: '/interaction/x?way=mailed-code&code=yes' },
};
const mailedCodeSent = {
  ...{ ...mailedCode, isSent: true, sendLabel: 'Send another code' },
  notice: 'A code is on its way to your mailbox.',
};
const forgotten = {
  page: page('Forgotten your password?'),
  form: { action: '/account/forgotten' },
  canMail: true,
  codeHref: '/account/forgotten/code',
  backHref: '/account',
};
const forgottenWithoutMail = { ...forgotten, canMail: false, error: 'Too many tries. Wait one minute.' };
const forgottenCode = {
  page: page('Set a new password'),
  form: { action: '/account/forgotten/code' },
  sent: true,
  rules: 'At least 15 characters.',
  backHref: '/account/forgotten',
};
const forgottenRefused = {
  ...forgottenCode,
  sent: false,
  username: 'dshaw',
  error: 'The code is not right.',
};
const passwordSet = { page: page('You have a new password'), signInHref: '/account' };
const emailAddress = {
  page: page('Mail address'),
  email: 'dshaw@riverside.example',
  form: { ...accountForm, step: 'email' },
  backHref: '/account',
};
const emailPending = {
  ...emailAddress,
  form: { ...emailAddress.form, hidden: [{ name: 'address', value: 'd@riverside.example' }] },
  pending: 'd@riverside.example',
  error: 'That code is not right.',
};

/** Where people show a second factor, and set one up. */
export const factorScreens = [
  { screen: 'second step', template: 'second-step', data: secondStep },
  { screen: 'second step, refused', template: 'second-step', data: secondStepRefused },
  { screen: 'set up an app', template: 'set-up-app', data: setUpApp },
  { screen: 'set up an app, refused', template: 'set-up-app', data: setUpAppRefused },
  { screen: 'passkey', template: 'passkey', data: passkey },
  { screen: 'passkey, refused', template: 'passkey', data: passkeyRefused },
  { screen: 'passkey, and nothing else', template: 'passkey', data: passkeyOnly },
  {
    screen: 'new passkey, as a second step',
    template: 'new-passkey',
    data: { ...newPasskey, isSecond: true },
  },
  { screen: 'new passkey', template: 'new-passkey', data: newPasskey },
  { screen: 'account', template: 'account', data: account },
  { screen: 'account, bare and refused', template: 'account', data: accountBare },
  { screen: 'change password', template: 'change-password', data: changePassword },
  { screen: 'change password, refused', template: 'change-password', data: changePasswordRefused },
  { screen: 'new codes', template: 'new-codes', data: newCodes },
  { screen: 'mailed code', template: 'second-step', data: mailedCode },
  { screen: 'mailed code, sent', template: 'second-step', data: mailedCodeSent },
  { screen: 'forgotten', template: 'forgotten', data: forgotten },
  { screen: 'forgotten, without mail', template: 'forgotten', data: forgottenWithoutMail },
  { screen: 'forgotten, code', template: 'forgotten-code', data: forgottenCode },
  { screen: 'forgotten, refused', template: 'forgotten-code', data: forgottenRefused },
  { screen: 'password set', template: 'password-set', data: passwordSet },
  { screen: 'mail address', template: 'email-address', data: emailAddress },
  { screen: 'mail address, code', template: 'email-address', data: emailPending },
  { screen: 'printed codes', template: 'printed-codes', data: printedCodes },
];
