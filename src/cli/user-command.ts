import { Command, Option } from 'commander';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ROLES, createAccount, newAccount, type Account } from '../identity/index.ts';
import { UserError } from './explain.ts';
import { inOffice, withStoreOptions, shutOut, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';
import { linkUser, type LinkOptions } from './user-link.ts';

const GENERATED_PASSWORD_BYTES = 12;
const MIN_PASSWORD_LENGTH = 8;

interface AddOptions extends OfficeOptions {
  readonly username: string;
  readonly name: string;
  readonly role: string;
  readonly fhirUser?: string;
  readonly passwordFile?: string;
}

export function userCommand(): Command {
  const user = new Command('user').description('people who can sign in');
  withStoreOptions(user.command('add'))
    .description('add a person; without --password-file a password is generated and printed once')
    .requiredOption('--username <name>')
    .requiredOption('--name <name>', 'as others read it')
    .addOption(new Option('--role <role>').choices(ROLES).makeOptionMandatory())
    .option('--fhir-user <reference>', 'the person in FHIR, such as Patient/123')
    .option('--password-file <file>', 'file with the password; - reads standard input')
    .action((options: AddOptions) => inOffice(options, (office) => add(options, office)));
  withStoreOptions(user.command('list'))
    .description('list people')
    .action((options: OfficeOptions) => inOffice(options, list));
  withStoreOptions(user.command('link'))
    .argument('<username>')
    .description(
      'let an identity provider sign this person in; --remove takes it back, and ends their grants',
    )
    .requiredOption('--provider <id>', 'one of signIn.providers')
    .requiredOption('--sub <sub>', 'what the provider calls this person, to the letter')
    .option('--remove', 'it signs them in no more')
    .action((username: string, options: LinkOptions) =>
      inOffice(options, (office) => linkUser(username, options, office)),
    );
  for (const [name, disabled] of [['disable', true] as const, ['enable', false] as const]) {
    withStoreOptions(user.command(name))
      .argument('<username>')
      .description(
        disabled
          ? 'stop a person now: no sign-in, and every token of theirs ends'
          : 'let a person sign in again',
      )
      .action((username: string, options: OfficeOptions) =>
        inOffice(options, (office) => setDisabled(username, disabled, office)),
      );
  }
  return user;
}

async function add(
  { username, name, role, fhirUser, passwordFile }: AddOptions,
  office: Office,
): Promise<void> {
  const parsed = newAccount.safeParse({
    username,
    name,
    role,
    ...(fhirUser === undefined ? {} : { fhirUser }),
  });
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'user'}: ${message}`);
    throw new UserError(`the user is not right:\n${lines.join('\n')}`);
  }
  const given = passwordFile === undefined ? undefined : readPassword(passwordFile);
  const password = given ?? randomBytes(GENERATED_PASSWORD_BYTES).toString('base64url');
  if (password.length < MIN_PASSWORD_LENGTH)
    throw new UserError(`the password needs ${MIN_PASSWORD_LENGTH} characters or more`);
  const account = await createAccount(parsed.data, password);
  if (!(await office.accounts.add(account))) throw new UserError(`user ${username} exists already`);
  await record(office, account, 'added');
  process.stdout.write(`user ${username} was added\n`);
  if (given === undefined) process.stdout.write(`the password, shown this once: ${password}\n`);
}

async function list({ accounts }: Office): Promise<void> {
  const rows = (await accounts.list())
    .map(({ username, name, role, fhirUser, disabled }) => [
      username,
      name,
      role,
      fhirUser ?? '-',
      disabled ? 'disabled' : 'enabled',
    ])
    .sort(([a = ''], [b = '']) => a.localeCompare(b));
  process.stdout.write(table(['USERNAME', 'NAME', 'ROLE', 'FHIR', 'STATE'], rows));
}

async function setDisabled(username: string, disabled: boolean, office: Office): Promise<void> {
  const account = await office.accounts.findByUsername(username);
  if (!account) throw new UserError(`there is no user ${username}`);
  const save = (): Promise<void> => office.accounts.save({ ...account, disabled });
  const { accountId } = account;
  const ended = disabled ? await shutOut(office.grants, { accountId }, save) : undefined;
  if (ended === undefined) await save();
  const change = disabled ? 'disabled' : 'enabled';
  await record(office, account, change);
  const also = ended === undefined ? '' : `; ${ended} grant(s) ended`;
  process.stdout.write(`user ${username} is ${change}${also}\n`);
}

async function record(
  { audit }: Office,
  { accountId }: Account,
  change: 'added' | 'disabled' | 'enabled',
): Promise<void> {
  await audit.record({ type: 'account.changed', outcome: 'success', change, accountId });
}

function readPassword(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UserError(
      `cannot read the password: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
