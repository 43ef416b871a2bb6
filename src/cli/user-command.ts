import { Command, Option } from 'commander';

import { ROLES, createAccount, newAccount, type Account } from '../identity/index.ts';
import { UserError } from './explain.ts';
import {
  accountNamed,
  inOffice,
  shutOut,
  withStoreOptions,
  type Office,
  type OfficeOptions,
} from './office.ts';
import { table } from './table.ts';
import { listFactors, printResetCode, resetFactors } from './user-factors.ts';
import { passwordFor, setPassword, showPassword } from './user-password.ts';
import { linkUser, type LinkOptions } from './user-link.ts';

const PASSWORD_FILE = 'file with the password; - reads standard input';

const FACTOR_COMMANDS = [
  ['factors', 'list what a person signs in with beside the password', listFactors],
  ['reset-factors', 'take all of that away, for who has lost it: make sure who they are first', resetFactors],
  [
    'reset-code',
    'print a code that sets another password, for who has forgotten it: make sure who they are first',
    printResetCode,
  ],
] as const;

interface AddOptions extends OfficeOptions {
  readonly username: string;
  readonly name: string;
  readonly role: string;
  readonly fhirUser?: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
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
    .option('--email <address>', 'where codes may be sent once it is known to be theirs')
    .option('--email-verified', 'you have made sure that the address is theirs')
    .option('--password-file <file>', PASSWORD_FILE)
    .action((options: AddOptions) => inOffice(options, (office) => add(options, office)));
  withStoreOptions(user.command('set-password'))
    .argument('<username>')
    .description('give a person another password; without --password-file one is generated and printed once')
    .option('--password-file <file>', PASSWORD_FILE)
    .action((username: string, options: OfficeOptions & { passwordFile?: string }) =>
      inOffice(options, (office) => setPassword(username, options.passwordFile, office)),
    );
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
  for (const [name, description, work] of FACTOR_COMMANDS) {
    withStoreOptions(user.command(name))
      .argument('<username>')
      .description(description)
      .action((username: string, options: OfficeOptions) =>
        inOffice(options, (office) => work(username, office)),
      );
  }
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
  { username, name, role, fhirUser, email, emailVerified, passwordFile }: AddOptions,
  office: Office,
): Promise<void> {
  const parsed = newAccount.safeParse({
    username,
    name,
    role,
    ...(fhirUser === undefined ? {} : { fhirUser }),
    ...(email === undefined ? {} : { email }),
  });
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'user'}: ${message}`);
    throw new UserError(`the user is not right:\n${lines.join('\n')}`);
  }
  const { password, isGiven } = await passwordFor(parsed.data, passwordFile, office);
  await office.untilRecordable();
  const made = await createAccount(parsed.data, password);
  const account = emailVerified && email !== undefined ? { ...made, emailVerified } : made;
  if (!(await office.accounts.add(account))) throw new UserError(`user ${username} exists already`);
  await record(office, account, 'added');
  process.stdout.write(`user ${username} was added\n`);
  showPassword(password, isGiven);
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
  const account = await accountNamed(username, office);
  if (!disabled) await office.untilRecordable();
  const { accountId } = account;
  const save = async (): Promise<void> => {
    await office.accounts.change(accountId, (current) => ({ ...current, disabled }));
  };
  const ended = disabled
    ? await shutOut(office, { accountId }, save, { by: 'operator', why: 'account-disabled' })
    : undefined;
  if (ended === undefined) await save();
  else await office.sessions.endAll(accountId);
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
