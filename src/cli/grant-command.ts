import { Command, Option } from 'commander';

import { UserError } from './explain.ts';
import { accountNamed, inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';
import { usageTable } from './usage-command.ts';

interface OwnerOptions extends OfficeOptions {
  readonly user?: string;
  readonly client?: string;
}

export function grantCommand(): Command {
  const grant = new Command('grant').description('what people have allowed apps to do');
  withStoreOptions(grant.command('list'))
    .description('list the living grants of a person or a client')
    .addOption(new Option('--user <username>').conflicts('client'))
    .option('--client <client_id>')
    .action((options: OwnerOptions) => inOffice(options, (office) => list(options, office)));
  withStoreOptions(grant.command('show'))
    .description('show one grant, and what was done with it and when, as FHIR servers report it')
    .requiredOption('--id <grant>', 'write --id=<grant> where the id begins with -')
    .addOption(new Option('--user <username>', 'whose it is').conflicts('client'))
    .option('--client <client_id>', 'whose it is')
    .action((options: OwnerOptions & { id: string }) =>
      inOffice(options, (office) => show(options, options.id, office)),
    );
  withStoreOptions(grant.command('revoke'))
    .description('end one grant now, with all its tokens; grant ids are shown by grant list')
    .requiredOption('--id <grant>', 'write --id=<grant> where the id begins with -')
    .addOption(new Option('--user <username>', 'whose it is').conflicts('client'))
    .option('--client <client_id>', 'whose it is')
    .action((options: OwnerOptions & { id: string }) =>
      inOffice(options, (office) => revoke(options, options.id, office)),
    );
  return grant;
}

async function grantsOf({ user, client }: OwnerOptions, office: Office) {
  const { grantList } = office;
  if (client !== undefined) return grantList({ clientId: client });
  if (user === undefined) throw new UserError('say whose grants: --user <username> or --client <client_id>');
  const { accountId } = await accountNamed(user, office);
  return grantList({ accountId });
}

async function grantNamed(id: string, options: OwnerOptions, office: Office) {
  const grant = (await grantsOf(options, office)).find(({ grantId }) => grantId === id);
  if (!grant) throw new UserError(`there is no such grant: ${id}`);
  return grant;
}

async function list(options: OwnerOptions, office: Office): Promise<void> {
  const people = new Map((await office.accounts.list()).map((one) => [one.accountId, one.username]));
  const rows = (await grantsOf(options, office)).map(
    ({ grantId, clientId, accountId, patient, expiresAt, scope }) => [
      grantId,
      clientId,
      people.get(accountId) ?? accountId,
      patient ?? '-',
      new Date(expiresAt * 1000).toISOString().slice(0, 10),
      scope,
    ],
  );
  process.stdout.write(table(['GRANT', 'CLIENT', 'USER', 'PATIENT', 'UNTIL', 'SCOPE'], rows));
}

async function show(options: OwnerOptions, id: string, office: Office): Promise<void> {
  const { clientId, accountId, patient, expiresAt, scope } = await grantNamed(id, options, office);
  const account = await office.accounts.find(accountId);
  const until = new Date(expiresAt * 1000).toISOString();
  const lines = [
    ...[`grant    ${id}`, `client   ${clientId}`, `user     ${account?.username ?? accountId}`],
    ...[`patient  ${patient ?? '-'}`, `until    ${until}`, `scope    ${scope}`],
  ];
  process.stdout.write(`${lines.join('\n')}\n\n${usageTable(await office.usage.of(id))}`);
}

async function revoke(options: OwnerOptions, id: string, office: Office): Promise<void> {
  const grant = await grantNamed(id, options, office);
  const { clientId, accountId, patient, fhirBaseUrl: fhirServer, scope, reference: consent } = grant;
  await office.grants.revoke(id);
  await office.audit.record({
    type: 'token.revoked',
    outcome: 'success',
    what: 'grant',
    ...{ grantId: id, clientId, accountId, fhirServer, scope, consent },
    ...(patient === undefined ? {} : { patient }),
  });
  await office.keepEnding(grant, { by: 'operator' });
  process.stdout.write(`grant ${id} ended; ${clientId} can do nothing with it any more\n`);
}
