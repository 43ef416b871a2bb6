import { Command, Option } from 'commander';

import {
  RECORD_ALGORITHMS,
  SIGNING_ALGORITHMS,
  loadOrCreateKeys,
  rotateKeys,
  secondsUntilKnown,
  type SigningKeySet,
} from '../keys/index.ts';
import { systemClock } from '../oauth/index.ts';
import { UserError } from './explain.ts';
import { inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

export function keysCommand(): Command {
  const keys = new Command('keys').description('the keys that sign id tokens and JWT access tokens');
  withStoreOptions(keys.command('list'))
    .description('list signing keys; private parts are never shown')
    .addOption(FOR_RECORDS)
    .addOption(FOR_AUDIT)
    .action((options: KeysOptions) => inOffice(options, (office) => list(office, options)));
  withStoreOptions(keys.command('rotate'))
    .description('move on: next → active → retired; running servers follow within a second')
    .option('--now', 'even where the next key is known to nobody yet')
    .addOption(FOR_RECORDS)
    .addOption(FOR_AUDIT)
    .action((options: KeysOptions) => inOffice(options, (office) => rotate(office, options)));
  return keys;
}

const FOR_RECORDS = new Option('--records', 'the keys that sign records of what people decided');
const FOR_AUDIT = new Option('--audit', 'the keys that sign the audit log').conflicts('records');

interface KeysOptions extends OfficeOptions {
  readonly now?: boolean;
  readonly records?: boolean;
  readonly audit?: boolean;
}

function keysOf({ signingKeys, recordKeys, auditKeys }: Office, { records, audit }: KeysOptions) {
  if (records) return { store: recordKeys, algorithms: RECORD_ALGORITHMS };
  if (audit) return { store: auditKeys, algorithms: RECORD_ALGORITHMS };
  return { store: signingKeys, algorithms: SIGNING_ALGORITHMS };
}

async function list(office: Office, options: KeysOptions): Promise<void> {
  const { store, algorithms } = keysOf(office, options);
  print(await loadOrCreateKeys(store, systemClock, algorithms));
}

async function rotate(office: Office, options: KeysOptions): Promise<void> {
  await office.untilRecordable();
  const { store, algorithms } = keysOf(office, options);
  const before = await loadOrCreateKeys(store, systemClock, algorithms);
  const wait = secondsUntilKnown(before, systemClock());
  if (wait > 0 && !options.now)
    throw new UserError(
      `the next key was made just now, and who keeps our keys does not know it: wait ${wait} s, or add --now`,
    );
  const set = await rotateKeys(before, systemClock, algorithms);
  if (!(await store.save(set)))
    throw new UserError('somebody else has rotated the keys at this moment; nothing was changed');
  const kidOf = (status: string): string =>
    set.keys
      .filter((one) => one.status === status)
      .map(({ kid }) => kid)
      .join(' ');
  await office.audit.record({
    type: 'keys.rotated',
    outcome: 'success',
    set: options.records ? 'records' : options.audit ? 'audit' : 'tokens',
    active: kidOf('active'),
    next: kidOf('next'),
  });
  print(set);
}

function print({ keys }: SigningKeySet): void {
  const rows = keys.map(({ kid, alg, status, createdAt }) => [
    kid,
    alg,
    status,
    new Date(createdAt * 1000).toISOString(),
  ]);
  process.stdout.write(table(['KEY', 'ALGORITHM', 'STATUS', 'MADE'], rows));
}
