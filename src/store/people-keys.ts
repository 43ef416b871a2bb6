import { RECENT_SECONDS } from './recent-patients.ts';
import { MEMORY_SECONDS } from './consent-memory.ts';
import { CHALLENGE_SECONDS } from '../identity/index.ts';
import type { KeyRow } from './key-row.ts';
import { UPSTREAM_END_SECONDS } from './upstream.ts';

/** Keys of what is known of people, beside their grants. */
export const PEOPLE_KEYS: readonly KeyRow[] = [
  {
    key: 'gh:{a.<account>}:recent:<hash>',
    holds: 'whom a clinician chose lately',
    keptFor: RECENT_SECONDS,
    bytes: 400,
    sealed: true,
  },
  {
    key: 'gh:{a.<account>}:agreed:<hash>',
    holds: 'what a person decided about an app: not to be asked twice, or where boxes begin',
    keptFor: MEMORY_SECONDS,
    bytes: 900,
    sealed: true,
  },
  {
    key: 'gh:{o.<hash>}:challenge',
    holds: 'what a passkey has to sign',
    keptFor: CHALLENGE_SECONDS,
    bytes: 400,
    sealed: true,
  },
  {
    key: 'gh:{o.<hash>}:code',
    holds: 'a code that somebody was sent or told',
    keptFor: '10 or 15 minutes, at most until it is used',
    bytes: 400,
    sealed: true,
  },
  {
    key: 'gh:{j.<hash>}:first',
    holds: 'marker: a node reminds somebody, looks today for who needs it, or records that access ran out',
    keptFor: 'notices.remindEveryDays; 2 days; 1 minute',
    bytes: 140,
    sealed: false,
  },
  {
    key: 'gh:{a.<account>}:account',
    holds: 'an account',
    keptFor: 'until removed',
    bytes: 500,
    sealed: true,
  },
  {
    key: 'gh:{a.<account>}:factors',
    holds: 'what somebody signs in with beside the password',
    keptFor: 'until removed',
    bytes: 3000,
    sealed: true,
  },
  {
    key: 'gh:{a.<account>}:sessions',
    holds: 'index: sessions of the account',
    keptFor: 'entries: as the session',
    sealed: false,
  },
  {
    key: 'gh:{a.<account>}:grants',
    holds: 'index: grants of the account',
    keptFor: 'entries: as the grant',
    sealed: false,
  },
  {
    key: 'gh:{p.<hash>}:grants',
    holds: 'index: grants about a patient that somebody else allowed for them',
    keptFor: 'entries: as the grant',
    sealed: false,
  },
  {
    key: 'gh:{n.<hash>}:login',
    holds: 'user name → account id',
    keptFor: 'until removed',
    bytes: 220,
    sealed: true,
  },
  {
    key: 'gh:{f.<hash>}:link',
    holds: 'somebody at another identity provider → account id',
    keptFor: 'until removed',
    bytes: 220,
    sealed: true,
  },
  {
    key: 'gh:{f.<hash>}:sessions',
    holds: 'index: sessions that hang on one at another identity provider',
    keptFor: 'entries: as the session',
    sealed: false,
  },
  {
    key: 'gh:{f.<hash>}:ended',
    holds: 'that a session at another identity provider has ended, and when',
    keptFor: UPSTREAM_END_SECONDS,
    bytes: 190,
    sealed: true,
  },
];
