import { Command } from 'commander';

import { adoptStore, exportStore, importStore, readEpoch, type ImportSummary } from '../store/index.ts';
import { UserError } from './explain.ts';
import { addStoreKeyCommands } from './store-keys-command.ts';
import { inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';

export function storeCommand(): Command {
  const store = new Command('store').description('the store itself');
  withStoreOptions(store.command('status'))
    .description('say which store this is, and what makes it unsafe')
    .action((options: OfficeOptions) => inOffice(options, status, { begins: false }));
  withStoreOptions(store.command('adopt'))
    .description(
      'work with this store from now on, although it has lost its data: people and apps have to start anew',
    )
    .option('--yes', 'really')
    .action((options: OfficeOptions & { yes?: boolean }) =>
      inOffice(options, (office) => adopt(!!options.yes, office)),
    );
  addStoreKeyCommands(store);
  withStoreOptions(store.command('export'))
    .description('write what the store holds to a file, sealed as it is: a backup')
    .requiredOption('--out <file>')
    .option('--final', 'to move: close this store to servers for good first, and write everything that lives')
    .action((options: OfficeOptions & { out: string; final?: boolean }) =>
      inOffice(options, (office) => writeOut(options.out, !!options.final, office)),
    );
  withStoreOptions(store.command('import'))
    .description('bring an export into this store; what a backup brings back has to sign in anew')
    .requiredOption('--in <file>')
    .option('--into-used', 'add to a store that holds something already; what is there stays')
    .action((options: OfficeOptions & { in: string; intoUsed?: boolean }) =>
      inOffice(options, (office) => readIn(options.in, !!options.intoUsed, office), { begins: false }),
    );
  return store;
}

async function status({ driver, storeKeys }: Office): Promise<void> {
  const epoch = await readEpoch(driver, storeKeys);
  const lines = [
    `${driver.name} at ${driver.location}`,
    epoch ? `epoch ${epoch.id}, since ${new Date(epoch.since).toISOString()}` : 'never used by a server',
    ...(epoch?.closed === 'moved' ? ['closed: it was moved away'] : []),
    ...(epoch?.closed === 'import' ? ['closed: an import into it has not ended'] : []),
    ...(await driver.concerns()).map((concern) => `unsafe: ${concern}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function adopt(isSure: boolean, { driver, storeKeys, audit }: Office): Promise<void> {
  if (!isSure) {
    const wasMoved = (await readEpoch(driver, storeKeys))?.closed === 'moved';
    throw new UserError(
      wasMoved
        ? 'this store was moved away; what has been renewed or revoked at its new place since is not known here; say it again with --yes'
        : 'this ends the hope that lost sign-ins, grants and tokens come back; say it again with --yes',
    );
  }
  const epoch = await adoptStore(driver, storeKeys);
  await audit.record({ type: 'store.adopted', outcome: 'success', epoch: epoch.id });
  process.stdout.write(
    `the store at ${driver.location} is ${epoch.id} now; running servers follow within a second\n`,
  );
}

async function writeOut(
  file: string,
  final: boolean,
  { driver, ring, audit, untilRecordable }: Office,
): Promise<void> {
  await untilRecordable();
  let isClosed = false;
  const onClosed = (): void => {
    isClosed = true;
    process.stderr.write(
      `the store at ${driver.location} is closed; waiting until its servers have seen it\n`,
    );
  };
  const rows = await exportStore(driver, ring, { file, final, onClosed }).catch((error: unknown) => {
    if (isClosed)
      process.stderr.write(
        'nothing was exported: repeat it, or take the store back with store adopt --yes\n',
      );
    throw error;
  });
  await audit.record({ type: 'store.exported', outcome: 'success', rows, final });
  const hint = final
    ? `import it within a day: gatehouse store import --in ${file}, with the configuration of the new store`
    : 'a backup; it is of no use without the store secret';
  process.stdout.write(`${rows} rows are in ${file}: ${hint}\n`);
}

const LEFT_OUT: Readonly<Record<ImportSummary['as'], string>> = {
  move: '',
  backup: 'a backup brings back no grants, tokens and sessions',
  'too-old':
    'the final export is older than a day, so grants, tokens and sessions in it are not believed any more',
  repeated:
    'the file was imported here before, so grants, tokens and sessions in it are not believed any more',
};

async function readIn(
  file: string,
  intoUsed: boolean,
  { driver, ring, audit, untilRecordable }: Office,
): Promise<void> {
  await untilRecordable();
  const { written, skipped, leftOut, as, epoch } = await importStore(driver, ring, { file, intoUsed });
  await audit.record({ type: 'store.imported', outcome: 'success', rows: written, epoch: epoch.id });
  const lines = [
    `${written} rows were written to the store at ${driver.location}, which is ${epoch.id} now`,
    ...(skipped > 0 ? [`${skipped} rows were there already, or have expired`] : []),
    ...(as === 'move'
      ? []
      : [
          `${leftOut} rows were left out: ${LEFT_OUT[as]}`,
          'people sign in and apps are allowed anew; who was disabled after the export is enabled: see user list, client list',
        ]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
