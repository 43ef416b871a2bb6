import { LAUNCH_TTL_SECONDS } from '../launch/index.ts';
import { LIMIT_WINDOW_SECONDS } from '../limits/index.ts';
import type { KeyRow } from './key-row.ts';
import { PEOPLE_KEYS } from './people-keys.ts';
import { SESSION_MARK_SECONDS } from './session-end.ts';

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Every key Gatehouse writes. A test runs the flows and finds no other in the store. */
export const KEY_TABLE: readonly KeyRow[] = [
  {
    key: 'gh:{<grant>}:grant',
    holds: 'grant: scopes, launch context, whose it is',
    keptFor: 'refresh token lifetime',
    bytes: 800,
    sealed: true,
  },
  { key: 'gh:{<grant>}:at:<hash>', holds: 'access token', keptFor: 'its lifetime', bytes: 500, sealed: true },
  {
    key: 'gh:{<grant>}:family',
    holds: 'refresh tokens: the good one',
    keptFor: 'its lifetime',
    bytes: 600,
    sealed: true,
  },
  {
    key: 'gh:{<grant>}:answer',
    holds: 'answer to the last refresh',
    keptFor: 'seconds: refreshGraceSeconds',
    bytes: 1600,
    sealed: true,
  },
  {
    key: 'gh:{<grant>}:ac:<hash>',
    holds: 'authorization code',
    keptFor: 'its lifetime',
    bytes: 700,
    sealed: true,
  },
  {
    key: 'gh:{<grant>}:bt:<hash>',
    holds: 'backend token (<grant> is its own)',
    keptFor: 'its lifetime',
    bytes: 450,
    sealed: true,
  },
  {
    key: 'gh:{<grant>}:ac:<hash>:used',
    holds: 'marker: was redeemed',
    keptFor: 600,
    bytes: 160,
    sealed: false,
  },
  {
    key: 'gh:{<grant>}:usage',
    holds: 'what was done with the grant, as FHIR servers report it',
    keptFor: 'refresh token lifetime',
    bytes: 1000,
    sealed: true,
  },
  {
    key: 'gh:{<grant>}:dead',
    holds: 'tombstone: was revoked',
    keptFor: 'refresh token lifetime',
    bytes: 120,
    sealed: false,
  },
  {
    key: 'gh:{<grant>}:dead:assured',
    holds: 'marker: what replicas were last waited for',
    keptFor: 'a tenth of a second',
    bytes: 120,
    sealed: false,
  },
  {
    key: 'gh:{u.<hash>}:session',
    holds: 'sign-in session',
    keptFor: 'session lifetime',
    bytes: 750,
    sealed: true,
  },
  {
    key: 'gh:{u.<hash>}:apps',
    holds: 'index: apps that are told when the session ends',
    keptFor: 'entries: as the session',
    sealed: false,
  },
  {
    key: 'gh:{u.<hash>}:ended',
    holds: 'tombstone: the session has ended, and no request that is under way writes it back',
    keptFor: SESSION_MARK_SECONDS,
    bytes: 120,
    sealed: false,
  },
  {
    key: 'gh:{u.<hash>}:moved:<hash>',
    holds: 'marker: the session goes by another id now',
    keptFor: SESSION_MARK_SECONDS,
    bytes: 160,
    sealed: false,
  },
  {
    key: 'gh:{i.<hash>}:interaction',
    holds: 'a paused authorization request',
    keptFor: 3600,
    bytes: 1700,
    sealed: true,
  },
  {
    key: 'gh:{i.<hash>}:progress',
    holds: 'how far the person has come',
    keptFor: 3600,
    bytes: 450,
    sealed: true,
  },
  {
    key: 'gh:{l.<hash>}:launch',
    holds: 'an EHR launch',
    keptFor: LAUNCH_TTL_SECONDS,
    bytes: 400,
    sealed: true,
  },
  {
    key: 'gh:{j.<hash>}:jti',
    holds: 'marker: an assertion was seen',
    keptFor: 'until the assertion expires',
    bytes: 140,
    sealed: false,
  },
  {
    key: 'gh:{r.<hash>}:count',
    holds: 'how often somebody did something',
    keptFor: `${spoken(LIMIT_WINDOW_SECONDS)}; sign-in: 15 minutes`,
    bytes: 130,
    sealed: false,
  },
  {
    key: 'gh:{m.<model>.<hash>}:record',
    holds: 'what else oidc-provider keeps',
    keptFor: 'as it says',
    sealed: true,
  },
  {
    key: 'gh:{c.<client>}:client',
    holds: 'a client registration',
    keptFor: 'until removed',
    bytes: 1000,
    sealed: true,
  },
  {
    key: 'gh:{c.<client>}:status',
    holds: 'disabled or not',
    keptFor: 'until removed',
    bytes: 200,
    sealed: true,
  },
  {
    key: 'gh:{c.<client>}:grants',
    holds: 'index: grants of the client',
    keptFor: 'entries: as the grant',
    sealed: false,
  },
  ...PEOPLE_KEYS,
  { key: 'gh:{clients}:all', holds: 'index of ids', keptFor: 'until removed', sealed: false },
  { key: 'gh:{accounts}:all', holds: 'index of ids', keptFor: 'until removed', sealed: false },
  {
    key: 'gh:{due.<number>}:sweep',
    holds: 'index: which index has a member that expires next (Redis only)',
    keptFor: 'for good; entries: until swept',
    sealed: false,
  },
  { key: 'gh:{keys}:signing', holds: 'signing keys', keptFor: 'until removed', bytes: 5400, sealed: true },
  {
    key: 'gh:{keys}:records',
    holds: 'keys that sign records of what people decided',
    keptFor: 'until removed',
    bytes: 900,
    sealed: true,
  },
  {
    key: 'gh:{keys}:audit',
    holds: 'keys that sign the audit log',
    keptFor: 'until removed',
    bytes: 900,
    sealed: true,
  },
  { key: 'gh:{epoch}:store', holds: 'which store this is', keptFor: 'for good', bytes: 240, sealed: true },
  {
    key: 'gh:{epoch.<number>}:store',
    holds: 'the same, spread over the primaries of a cluster',
    keptFor: 'for good',
    bytes: 240,
    sealed: true,
  },
  {
    key: 'gh:{epoch}:keys',
    holds: 'keys that values are sealed under, each under the store secrets',
    keptFor: 'for good',
    bytes: 600,
    sealed: true,
  },
  {
    key: 'gh:{epoch}:lineage',
    holds: 'which Redis answered last, and since when',
    keptFor: 'for good',
    bytes: 280,
    sealed: true,
  },
  {
    key: 'gh:{epoch}:changes',
    holds: 'changes with every change that nodes keep in memory',
    keptFor: 'for good',
    bytes: 110,
    sealed: false,
  },
  {
    key: 'gh:{epoch}:barred',
    holds: 'index: whose grants ended, and when',
    keptFor: 'entries: as a grant',
    sealed: false,
  },
];

/** The table in Markdown. */
export function keyTableText(): string {
  const lines = KEY_TABLE.map(({ key, holds, keptFor, bytes, sealed }) => {
    const time = typeof keptFor === 'number' ? spoken(keptFor) : keptFor;
    return `| \`${key}\` | ${holds} | ${time} | ${bytes ?? ''} | ${sealed ? 'yes' : 'no'} |`;
  });
  return ['| key | holds | kept for | bytes | sealed |', '| --- | --- | --- | --- | --- |', ...lines].join(
    '\n',
  );
}

/** As people say it: `30 days`, `1 hour`, `10 minutes`. */
function spoken(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds % one === 0) ?? ['second', 1];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
