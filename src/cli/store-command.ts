import { Command } from 'commander';

import { adoptStore, readEpoch } from '../store/index.ts';
import { UserError } from './explain.ts';
import { addStoreKeyCommands } from './store-keys-command.ts';
import { inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';

export function storeCommand(): Command {
  const store = new Command('store').description('the store itself');
  withStoreOptions(store.command('status'))
    .description('say which store this is, and what makes it unsafe')
    .action((options: OfficeOptions) => inOffice(options, status));
  withStoreOptions(store.command('adopt'))
    .description(
      'work with this store from now on, although it has lost its data: people and apps have to start anew',
    )
    .option('--yes', 'really')
    .action((options: OfficeOptions & { yes?: boolean }) =>
      inOffice(options, (office) => adopt(!!options.yes, office)),
    );
  addStoreKeyCommands(store);
  return store;
}

async function status({ driver, storeKeys }: Office): Promise<void> {
  const epoch = await readEpoch(driver, storeKeys);
  const lines = [
    `${driver.name} at ${driver.location}`,
    epoch ? `epoch ${epoch.id}, since ${new Date(epoch.since).toISOString()}` : 'never used by a server',
    ...(await driver.concerns()).map((concern) => `unsafe: ${concern}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function adopt(isSure: boolean, { driver, storeKeys, audit }: Office): Promise<void> {
  if (!isSure)
    throw new UserError(
      'this ends the hope that lost sign-ins, grants and tokens come back; say it again with --yes',
    );
  const epoch = await adoptStore(driver, storeKeys);
  await audit.record({ type: 'store.adopted', outcome: 'success', epoch: epoch.id });
  process.stdout.write(
    `the store at ${driver.location} is ${epoch.id} now; running servers follow within a second\n`,
  );
}
