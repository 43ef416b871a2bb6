import { fail, pass, warn, type Rule } from './check.ts';

const HOUR = 3600;
/** NIST SP 800-63B-4 §2.2.3, with a second factor. */
const LONGEST_SESSION = 12 * HOUR;

const mfa = (role: 'patient' | 'practitioner' | 'representative'): Rule => ({
  id: `people.mfa.${role}`,
  controls: ['IA-2(1)', 'IA-2(2)', 'IA-2(8)'],
  look({ config: { signIn } }) {
    const rule = signIn.mfa[role];
    const advice = `set signIn.mfa.${role} to required`;
    if (rule === 'required') return pass('a second factor is required');
    if (rule === 'off') return fail('a second factor is not asked for', advice);
    return warn('a second factor is asked of who has one', advice);
  },
});

/** Who signs in, and for how long (SEC-9, SEC-12; attack rows A066–A098). */
export const PEOPLE: readonly Rule[] = [
  mfa('practitioner'),
  mfa('patient'),
  mfa('representative'),
  {
    id: 'people.mailed-codes',
    controls: ['IA-2(1)'],
    look: ({ config: { signIn } }) =>
      signIn.mailedCodes
        ? warn('a code by mail counts as a second factor', 'switch signIn.mailedCodes off')
        : pass('a code by mail is no second factor'),
  },
  {
    id: 'people.idle',
    controls: ['AC-11', 'AC-12'],
    look: ({ config: { signIn } }) =>
      signIn.idleSeconds <= HOUR
        ? pass(`signed out after ${signIn.idleSeconds} s without a visit`)
        : fail(
            `signed in for ${signIn.idleSeconds} s without a visit`,
            'set signIn.idleSeconds to 3600 or less',
          ),
  },
  {
    id: 'people.session',
    controls: ['AC-12', 'IA-11'],
    look: ({ config: { tokens } }) =>
      tokens.sessionSeconds <= LONGEST_SESSION
        ? pass(`signed out after ${tokens.sessionSeconds} s at the latest`)
        : fail(`signed in for ${tokens.sessionSeconds} s`, 'set tokens.sessionSeconds to 43200 or less'),
  },
  {
    id: 'people.sessions',
    controls: ['AC-10'],
    look: ({ config: { signIn } }) =>
      signIn.maxSessions > 0
        ? pass(`${signIn.maxSessions} browsers a person`)
        : warn('any number of browsers a person', 'set signIn.maxSessions'),
  },
  {
    id: 'people.breached',
    controls: ['IA-5(1)'],
    look: ({ config: { signIn } }) =>
      signIn.breachedPasswordsUrl
        ? pass('stolen passwords are refused')
        : warn('only common passwords are refused', 'set signIn.breachedPasswordsUrl'),
  },
  {
    id: 'people.sensitive',
    controls: ['AC-16', 'PT-2(1)', 'PT-3(1)'],
    look({ config: { fhirServers } }) {
      const without = fhirServers.filter(({ sensitiveKinds }) => sensitiveKinds.length === 0);
      if (without.length === 0) return pass('patients decide about sensitive kinds apart');
      const names = without.map(({ id }) => id).join(', ');
      return warn(
        `labels of ${names} are not heeded`,
        'set fhirServers[].sensitiveKinds where records are labelled',
      );
    },
  },
  {
    id: 'people.notices',
    controls: ['PT-5', 'AC-2'],
    look({ config: { mail, notices } }) {
      if (!mail) return warn('nobody is told by mail of lasting access', 'set mail');
      return notices.grants
        ? pass('people are told of lasting access')
        : warn('people are not told of lasting access', 'switch notices.grants on');
    },
  },
];
