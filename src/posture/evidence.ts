import { fail, pass, warn, type KeyFact, type Rule } from './check.ts';

/** NIST SP 800-57 part 1: one to three years for a signing key. */
const OLDEST_KEY_DAYS = 400;

const SEE_DELIVERY = 'see `gatehouse audit delivery`';
/** Parts of the disk that should be free; without room nothing is granted. */
const [SOME_SPACE, LITTLE_SPACE] = [0.1, 0.02];

/** What is kept, and what shows what was done (SEC-2, SEC-4, SEC-11). */
export const EVIDENCE: readonly Rule[] = [
  {
    id: 'store.safe',
    controls: ['CP-9', 'CP-10', 'SC-24'],
    look: ({ facts: { storeConcerns } }) =>
      storeConcerns.length === 0
        ? pass('the store forgets nothing that counts')
        : fail(storeConcerns.join('; '), 'set the store up as docs/store.md says'),
  },
  {
    id: 'store.volatile',
    controls: ['CP-9', 'SC-24'],
    look: ({ config: { store } }) =>
      store.allowVolatile
        ? fail('a store that may forget is let be', 'switch store.allowVolatile off')
        : pass('no store that may forget is used'),
  },
  {
    id: 'store.secret',
    controls: ['SC-12', 'SC-28'],
    look: ({ config: { secrets } }) =>
      secrets.storePrevious.length === 0
        ? pass('one store secret')
        : warn('an old store secret is still accepted', 'run `gatehouse store rewrap`, then take it out'),
  },
  {
    id: 'keys.age',
    controls: ['SC-12', 'SC-12(1)'],
    look({ facts: { keys } }) {
      const old = keys.filter(({ ageDays }) => ageDays > OLDEST_KEY_DAYS);
      if (old.length === 0)
        return pass(`${keys.length} signing keys, none older than ${OLDEST_KEY_DAYS} days`);
      return warn(
        `older than ${OLDEST_KEY_DAYS} days: ${old.map(nameOf).join(', ')}`,
        'run `gatehouse keys rotate`',
      );
    },
  },
  {
    id: 'time.source',
    controls: ['AU-8', 'SC-45', 'SC-45(1)'],
    look({ config: { time }, facts: { clock } }) {
      if (clock.wrong !== undefined) return fail(clock.wrong, 'set the clock of this machine');
      const offset = clock.offsetMs === undefined ? '' : `, ${Math.round(clock.offsetMs)} ms ahead`;
      const found = `time source ${clock.source}${offset}`;
      return time.servers.length > 0
        ? pass(found)
        : warn(`${found}: nobody confirms it`, 'name the organisation’s NTP servers in time.servers');
    },
  },
  {
    id: 'audit.log',
    controls: ['AU-9', 'AU-9(3)', 'AU-10', 'SI-7'],
    look({ facts: { audit } }) {
      if (audit.fault !== undefined)
        return fail(audit.fault, 'run `gatehouse audit verify` and find out who');
      return pass(
        `${audit.records} records in ${audit.chains} chains, the last ${audit.unsigned} lines not signed yet`,
      );
    },
  },
  {
    id: 'audit.delivery',
    controls: ['AU-4(1)', 'AU-9(2)'],
    look({ config: { audit }, facts: { receivers } }) {
      const names = audit.delivery.map(({ id }) => id);
      if (names.length === 0)
        return warn('kept on this machine alone', 'name who else gets it in audit.delivery');
      const away = receivers.find(({ awaySince }) => awaySince !== undefined);
      if (away) return fail(`${away.id} is away since ${away.awaySince}`, SEE_DELIVERY);
      const refusing = receivers.find(({ aside }) => aside > 0);
      if (refusing) return warn(`${refusing.id} has refused ${refusing.aside} event(s)`, SEE_DELIVERY);
      return pass(`sent on to ${names.join(', ')}`);
    },
  },
  {
    id: 'audit.space',
    controls: ['AU-4', 'AU-5(1)'],
    look({ facts: { disk } }) {
      const [percent, advice] = [Math.floor(disk.free * 100), 'make room below store.dataDir'];
      const finding = `${percent} % of the disk is free`;
      if (disk.free < LITTLE_SPACE) return fail(finding, advice);
      return disk.free < SOME_SPACE ? warn(finding, advice) : pass(finding);
    },
  },
  {
    id: 'records.policy',
    controls: ['PT-5', 'SA-9'],
    look: ({ config: { records, issuer } }) =>
      records.policyUrl === undefined
        ? warn(`records name ${issuer}/policies/app-access/1`, 'publish the policy and set records.policyUrl')
        : pass(`people decide under ${records.policyUrl}`),
  },
  {
    id: 'log.level',
    controls: ['AU-3', 'SI-11'],
    look: ({ config: { log } }) =>
      log.level === 'trace' || log.level === 'debug'
        ? fail(`log.level is ${log.level}`, 'set log.level to info')
        : pass(`log.level is ${log.level}`),
  },
];

function nameOf({ purpose, alg, ageDays }: KeyFact): string {
  return `${purpose} ${alg} (${Math.round(ageDays)} days)`;
}
