import { Command, Option } from 'commander';
import { readFileSync } from 'node:fs';

import { createAuditRecorder, createStdoutSink } from '../audit/index.ts';
import { isLoopback } from '../clients/index.ts';
import { createGateway, type GatewayOptions } from '../gateway/index.ts';
import {
  createListener,
  createManagementApp,
  createMetrics,
  healthOf,
  listenerOf,
  type TlsPair,
} from '../http/index.ts';
import type { Credentials } from '../resource-server/index.ts';
import { UserError } from './explain.ts';
import { createLog, stopOnSignals } from './run-server.ts';

interface Options {
  readonly upstream: string;
  readonly issuer: string;
  readonly fhirBaseUrl: string;
  readonly clientId: string;
  readonly clientSecretFile?: string;
  readonly privateKeyFile?: string;
  readonly upstreamAuthorizationFile?: string;
  readonly discoveryUrl?: string;
  readonly fhirVersion: '4.0.1' | '4.3.0' | '5.0.0';
  readonly maxFilteredMegabytes: string;
  readonly host: string;
  readonly port: string;
  readonly managementHost: string;
  readonly managementPort: string;
  readonly tlsCertificateFile?: string;
  readonly tlsKeyFile?: string;
  readonly logLevel: string;
}

/** Documents are sent through here, over slow lines too. */
const UPLOAD_MS = 120_000;

/** Every setting is an option and a variable; a secret is a file, or a variable by itself. */
export function gatewayCommand(): Command {
  const needed = (flags: string, about: string, env: string): Option =>
    new Option(flags, about).env(env).makeOptionMandatory();
  const optional = (flags: string, about: string, env: string, value?: string): Option =>
    value === undefined
      ? new Option(flags, about).env(env)
      : new Option(flags, about).env(env).default(value);
  return new Command('gateway')
    .description('stand in front of any FHIR server and make it a SMART resource server')
    .addOption(
      needed('--upstream <url>', 'base URL of the FHIR server, as this process reaches it', 'UPSTREAM'),
    )
    .addOption(needed('--issuer <url>', 'Gatehouse', 'ISSUER'))
    .addOption(needed('--fhir-base-url <url>', 'the FHIR base URL that apps know', 'FHIR_BASE_URL'))
    .addOption(needed('--client-id <id>', 'of a client with rights: [introspect]', 'CLIENT_ID'))
    .addOption(optional('--client-secret-file <file>', 'its secret; or CLIENT_SECRET', 'CLIENT_SECRET_FILE'))
    .addOption(optional('--private-key-file <file>', 'instead: its private key, a JWK', 'PRIVATE_KEY_FILE'))
    .addOption(
      optional(
        '--upstream-authorization-file <file>',
        'the Authorization header the FHIR server wants; or UPSTREAM_AUTHORIZATION',
        'UPSTREAM_AUTHORIZATION_FILE',
      ),
    )
    .addOption(
      optional(
        '--discovery-url <url>',
        'of the SMART configuration, where two servers have one path',
        'DISCOVERY_URL',
      ),
    )
    .addOption(
      new Option('--fhir-version <version>', 'of the FHIR server')
        .env('FHIR_VERSION')
        .choices(['4.0.1', '4.3.0', '5.0.0'])
        .default('4.0.1'),
    )
    .addOption(
      optional(
        '--max-filtered-megabytes <n>',
        'a longer answer is not filtered but refused',
        'MAX_FILTERED_MEGABYTES',
        '10',
      ),
    )
    .addOption(optional('--host <host>', 'where to listen', 'HOST', '0.0.0.0'))
    .addOption(optional('--port <port>', 'where to listen', 'PORT', '3003'))
    .addOption(optional('--management-host <host>', 'health and metrics', 'MANAGEMENT_HOST', '127.0.0.1'))
    .addOption(optional('--management-port <port>', 'health and metrics', 'MANAGEMENT_PORT', '9003'))
    .addOption(
      optional(
        '--tls-certificate-file <file>',
        'PEM; without it a proxy has to do https',
        'TLS_CERTIFICATE_FILE',
      ),
    )
    .addOption(optional('--tls-key-file <file>', 'PEM', 'TLS_KEY_FILE'))
    .addOption(optional('--log-level <level>', 'trace, debug, info, warn or error', 'LOG_LEVEL', 'info'))
    .action(run);
}

async function run(options: Options): Promise<void> {
  const log = createLog(options.logLevel);
  const audit = createAuditRecorder([createStdoutSink()], Date.now, (sink, error) =>
    log.error({ err: error, sink }, 'an audit record could not be kept'),
  );
  const [address, managementAddress] = [
    { host: options.host, port: portOf('--port', options.port) },
    { host: options.managementHost, port: portOf('--management-port', options.managementPort) },
  ];
  const tls = tlsOf(options);
  const gateway = createGateway(gatewayOptionsOf(options, process.env), {
    audit,
    onProblem: (detail, error) => log.warn({ err: error }, detail),
  });
  const metrics = createMetrics();
  let draining = false;
  const open = listenerOf(gateway.handle, tls, UPLOAD_MS);
  const management = createListener(
    createManagementApp(() => healthOf(gateway.checks(), () => draining), metrics),
  );
  const stop = async (): Promise<void> => {
    draining = true;
    await open.close();
    await gateway.close();
    await management.close();
    await audit.close();
  };
  stopOnSignals(stop, log);
  try {
    const port = await open.listen(address);
    const managementPort = await management.listen(managementAddress);
    log.info({ fhirBaseUrl: options.fhirBaseUrl, upstream: options.upstream, port, managementPort }, 'ready');
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws UserError with what to do */
function gatewayOptionsOf(
  options: Omit<Options, 'host' | 'port' | 'managementHost' | 'managementPort' | 'logLevel'>,
  env: Readonly<Record<string, string | undefined>>,
): GatewayOptions {
  const megabytes = Number(options.maxFilteredMegabytes);
  if (!(megabytes > 0 && megabytes <= 1024))
    throw new UserError('--max-filtered-megabytes is a number up to 1024');
  const authorization = secretOf('UPSTREAM_AUTHORIZATION', options.upstreamAuthorizationFile, env);
  return {
    upstream: urlOf('--upstream', options.upstream),
    issuer: secureUrlOf('--issuer', options.issuer),
    fhirBaseUrl: secureUrlOf('--fhir-base-url', options.fhirBaseUrl),
    credentials: credentialsOf(options, env),
    fhirVersion: options.fhirVersion,
    maxFilteredBytes: megabytes * 1024 * 1024,
    ...(options.discoveryUrl === undefined
      ? {}
      : { discoveryUrl: urlOf('--discovery-url', options.discoveryUrl) }),
    ...(authorization === undefined ? {} : { upstreamAuthorization: authorization }),
  };
}

function credentialsOf(
  {
    clientId,
    clientSecretFile,
    privateKeyFile,
  }: Pick<Options, 'clientId' | 'clientSecretFile' | 'privateKeyFile'>,
  env: Readonly<Record<string, string | undefined>>,
): Credentials {
  const clientSecret = secretOf('CLIENT_SECRET', clientSecretFile, env);
  if (privateKeyFile !== undefined && clientSecret === undefined)
    return { clientId, privateKey: jwkOf(privateKeyFile) };
  if (clientSecret !== undefined && privateKeyFile === undefined) return { clientId, clientSecret };
  throw new UserError('give either --client-secret-file (or CLIENT_SECRET) or --private-key-file');
}

function jwkOf(file: string): Extract<Credentials, { privateKey: unknown }>['privateKey'] {
  try {
    const jwk = JSON.parse(read('--private-key-file', file)) as Extract<
      Credentials,
      { privateKey: unknown }
    >['privateKey'];
    if (jwk.alg !== undefined && jwk.kid !== undefined && 'd' in jwk) return jwk;
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  throw new UserError(`--private-key-file ${file}: this is no private JWK with alg and kid`);
}

function secretOf(
  name: string,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const direct = env[name];
  if (file !== undefined && direct !== undefined)
    throw new UserError(`${name}: also set as ${name}_FILE; keep one`);
  return file === undefined ? direct : read(`${name}_FILE`, file).trim();
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UserError(`${name}: cannot read ${file}`);
  }
}

function urlOf(option: string, text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash) return text;
  throw new UserError(
    `${option}: write a URL such as https://fhir.example.org/r4; it is ${JSON.stringify(text)}`,
  );
}

/** Tokens and data go over it. */
function secureUrlOf(option: string, text: string): string {
  const { protocol, hostname } = new URL(urlOf(option, text));
  if (protocol === 'https:' || isLoopback(hostname)) return text;
  throw new UserError(`${option}: use https; http is for localhost only`);
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UserError(`${option} is a number from 0 to 65535; it is ${JSON.stringify(text)}`);
}

function tlsOf({ tlsCertificateFile, tlsKeyFile }: Options): TlsPair | undefined {
  if (tlsCertificateFile === undefined && tlsKeyFile === undefined) return undefined;
  if (tlsCertificateFile === undefined || tlsKeyFile === undefined)
    throw new UserError('--tls-certificate-file and --tls-key-file go together');
  const key = read('--tls-key-file', tlsKeyFile);
  return { certificate: read('--tls-certificate-file', tlsCertificateFile), key: { reveal: () => key } };
}
