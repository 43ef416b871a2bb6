import type { Command } from 'commander';

import { inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';

/** What an operator does with the keys that the store is sealed under, while servers go on. */
export function addStoreKeyCommands(store: Command): void {
  withStoreOptions(store.command('rotate-key'))
    .description('seal new values under a new data key; running servers follow within seconds')
    .action((options: OfficeOptions) => inOffice(options, rotate));
  withStoreOptions(store.command('rewrap'))
    .description(
      'lock the data keys under the configured store secrets and no others: the last step of changing a secret',
    )
    .action((options: OfficeOptions) => inOffice(options, rewrap));
}

async function rotate({ ring, audit, driver }: Office): Promise<void> {
  const dataKey = await ring.rotate();
  await audit.record({ type: 'store.keys-rotated', outcome: 'success', dataKey });
  process.stdout.write(
    `the store at ${driver.location} has a new data key, ${dataKey}; in 15 seconds every server seals under it\n`,
  );
}

async function rewrap({ ring, audit, driver }: Office): Promise<void> {
  await ring.rewrap();
  await audit.record({ type: 'store.rewrapped', outcome: 'success' });
  process.stdout.write(`the store at ${driver.location} opens under the configured secrets only\n`);
}
