import { Command, Option } from 'commander';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, stringify } from 'yaml';

import { clientRegistration, type ClientRegistration } from '../clients/index.ts';
import { UserError } from './explain.ts';
import { inOffice, withStoreOptions, shutOut, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

const GENERATED_SECRET_BYTES = 32;

interface AddOptions extends OfficeOptions {
  readonly file?: string;
  readonly id?: string;
  readonly name?: string;
  readonly redirectUri?: string[];
  readonly launchUri?: string[];
  readonly scope?: string;
  readonly auth?: string;
  readonly jwks?: string;
  readonly jwksUri?: string;
  readonly backchannelLogoutUri?: string;
  readonly backchannelLogoutSession?: boolean;
}

export function clientCommand(): Command {
  const client = new Command('client').description(
    'apps, backend services, EHRs and FHIR servers that may use this server',
  );
  withStoreOptions(client.command('add'))
    .description('register a client, from a file or from options; a generated secret is printed once')
    .option('-f, --file <file>', 'a registration in YAML or JSON, as under clients: in the configuration')
    .option('--id <client_id>')
    .option('--name <name>', 'as people read it')
    .option('--redirect-uri <uri...>', 'where the app gets its answers; exact')
    .option('--launch-uri <uri...>', 'where an EHR opens the app')
    .option('--scope <scopes>', 'the most it may ask for, e.g. "openid fhirUser launch/patient patient/*.rs"')
    .addOption(
      new Option('--auth <method>', 'how it proves who it is').choices([
        'none',
        'client_secret_basic',
        'private_key_jwt',
      ]),
    )
    .option('--jwks <file>', 'its public keys, for private_key_jwt')
    .option('--jwks-uri <url>', 'where its public keys are')
    .option('--backchannel-logout-uri <url>', 'where it is told that somebody has signed out here')
    .option('--backchannel-logout-session', 'it is told which session, and not the person alone')
    .action((options: AddOptions) => inOffice(options, (office) => add(options, office)));
  withStoreOptions(client.command('list'))
    .description('list clients')
    .option('--json', 'as JSON, one a line')
    .action((options: OfficeOptions & { json?: boolean }) =>
      inOffice(options, (office) => list(office, !!options.json)),
    );
  for (const [name, disabled] of [['disable', true] as const, ['enable', false] as const]) {
    withStoreOptions(client.command(name))
      .argument('<client_id>')
      .description(
        disabled ? 'stop a client now: its tokens end at once' : 'let a disabled client work again',
      )
      .action((id: string, options: OfficeOptions) =>
        inOffice(options, (office) => setDisabled(id, disabled, office)),
      );
  }
  withStoreOptions(client.command('remove'))
    .argument('<client_id>')
    .description('forget a client that was added here; its tokens end at once')
    .action((id: string, options: OfficeOptions) => inOffice(options, (office) => remove(id, office)));
  return client;
}

async function add(
  options: AddOptions,
  { clients, clientStore, audit, untilRecordable }: Office,
): Promise<void> {
  const { registration, secret } = readRegistration(options);
  await untilRecordable();
  const id = registration.client_id;
  if ((await clients.find(id)) || !(await clientStore.add(registration)))
    throw new UserError(`client ${id} exists already`);
  await audit.record({ type: 'client.changed', outcome: 'success', change: 'added', clientId: id });
  process.stdout.write(`client ${id} was added\n${confirm(registration)}\n`);
  if (secret !== undefined) process.stdout.write(`its secret, shown this once: ${secret}\n`);
}

/** What was registered, defaults included, for whoever asked for it (CRG-03). A secret is not repeated. */
function confirm({ client_secret: _secret, ...shown }: ClientRegistration): string {
  return stringify(shown, { lineWidth: 0 }).trimEnd().replaceAll(/^/gm, '  ');
}

function readRegistration(options: AddOptions): { registration: ClientRegistration; secret?: string } {
  const given: unknown = options.file === undefined ? fromOptions(options) : readYaml(options.file);
  const needsSecret =
    isRecord(given) &&
    given['token_endpoint_auth_method'] === 'client_secret_basic' &&
    given['client_secret'] === undefined;
  const secret = needsSecret ? randomBytes(GENERATED_SECRET_BYTES).toString('base64url') : undefined;
  const parsed = clientRegistration.safeParse(needsSecret ? { ...given, client_secret: secret } : given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      ({ path, message }) => `  ${path.join('.') || 'registration'}: ${message}`,
    );
    throw new UserError(`the registration is not right:\n${lines.join('\n')}`);
  }
  return { registration: parsed.data, ...(secret === undefined ? {} : { secret }) };
}

function fromOptions(options: AddOptions): object {
  const { id, name, redirectUri, launchUri, scope, auth, jwks, jwksUri } = options;
  if (id === undefined || name === undefined) throw new UserError('give --file, or at least --id and --name');
  const isBackend = auth === 'private_key_jwt' && redirectUri === undefined;
  const members = {
    client_id: id,
    client_name: name,
    redirect_uris: redirectUri,
    launch_uris: launchUri,
    scope,
    token_endpoint_auth_method: auth,
    jwks: jwks === undefined ? undefined : readJson(jwks),
    jwks_uri: jwksUri,
    backchannel_logout_uri: options.backchannelLogoutUri,
    backchannel_logout_session_required: options.backchannelLogoutSession,
    grant_types: isBackend ? ['client_credentials'] : undefined,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

async function list({ clients }: Office, asJson: boolean): Promise<void> {
  const all = await clients.list();
  if (asJson) {
    for (const { registration, source, disabled } of all) {
      const { client_secret: _secret, ...shown } = registration;
      process.stdout.write(`${JSON.stringify({ ...shown, source, disabled })}\n`);
    }
    return;
  }
  const rows = all.map(({ registration, source, disabled }) => [
    registration.client_id,
    registration.client_name,
    registration.token_endpoint_auth_method,
    source,
    disabled ? 'disabled' : 'enabled',
  ]);
  process.stdout.write(table(['CLIENT', 'NAME', 'AUTHENTICATION', 'FROM', 'STATE'], rows));
}

async function setDisabled(id: string, disabled: boolean, office: Office): Promise<void> {
  const { clients, clientStore, audit } = office;
  if (!(await clients.find(id))) throw new UserError(`there is no client ${id}`);
  if (!disabled) await office.untilRecordable();
  const flag = (): Promise<void> => clientStore.setDisabled(id, disabled);
  const ended = disabled
    ? await shutOut(office, { clientId: id }, flag, { by: 'operator', why: 'client-disabled' })
    : undefined;
  if (ended === undefined) await flag();
  const change = disabled ? 'disabled' : 'enabled';
  await audit.record({ type: 'client.changed', outcome: 'success', change, clientId: id });
  const also = ended === undefined ? '' : `; ${ended} grant(s) ended`;
  process.stdout.write(`client ${id} is ${change}${also}\n`);
}

async function remove(id: string, office: Office): Promise<void> {
  const { clients, clientStore, audit } = office;
  const client = await clients.find(id);
  if (!client) throw new UserError(`there is no client ${id}`);
  if (client.source === 'configured') {
    throw new UserError(`client ${id} is in the configuration file; remove it there, or disable it here`);
  }
  const ended = await shutOut(office, { clientId: id }, () => clientStore.remove(id), {
    by: 'operator',
    why: 'client-removed',
  });
  await audit.record({ type: 'client.changed', outcome: 'success', change: 'removed', clientId: id });
  process.stdout.write(`client ${id} was removed; ${ended} grant(s) ended\n`);
}

function readYaml(file: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter, prettyErrors: false });
  const [problem] = document.errors;
  if (!problem) return document.toJS();
  const { line, col } = lineCounter.linePos(problem.pos[0]);
  throw new UserError(`${file}:${line}:${col} ${problem.message}`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} is not JSON; give a JSON Web Key Set`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
