import { Command } from 'commander';

import { loadOrCreateKeys, rotateKeys, secondsUntilKnown, type SigningKeySet } from '../keys/index.ts';
import { systemClock } from '../oauth/index.ts';
import { UserError } from './explain.ts';
import { inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

export function keysCommand(): Command {
  const keys = new Command('keys').description('the keys that sign id tokens and JWT access tokens');
  withStoreOptions(keys.command('list'))
    .description('list signing keys; private parts are never shown')
    .action((options: OfficeOptions) => inOffice(options, list));
  withStoreOptions(keys.command('rotate'))
    .description('move on: next → active → retired; running servers follow within a second')
    .option('--now', 'even where the next key is known to nobody yet')
    .action((options: OfficeOptions & { readonly now?: boolean }) =>
      inOffice(options, (office) => rotate(office, options.now ?? false)),
    );
  return keys;
}

async function list({ signingKeys }: Office): Promise<void> {
  print(await loadOrCreateKeys(signingKeys, systemClock));
}

async function rotate({ signingKeys, audit }: Office, isUrgent: boolean): Promise<void> {
  const before = await loadOrCreateKeys(signingKeys, systemClock);
  const wait = secondsUntilKnown(before, systemClock());
  if (wait > 0 && !isUrgent)
    throw new UserError(
      `the next key was made just now, and who keeps our keys does not know it: wait ${wait} s, or add --now`,
    );
  const set = await rotateKeys(before, systemClock);
  if (!(await signingKeys.save(set)))
    throw new UserError('somebody else has rotated the keys at this moment; nothing was changed');
  const kidOf = (status: string): string =>
    set.keys
      .filter((one) => one.status === status)
      .map(({ kid }) => kid)
      .join(' ');
  await audit.record({
    type: 'keys.rotated',
    outcome: 'success',
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
