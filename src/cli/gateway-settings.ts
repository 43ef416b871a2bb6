import { readFileSync } from 'node:fs';

import type { TlsPolicy } from '../algorithms/index.ts';
import { isLoopback } from '../clients/index.ts';
import type { GatewayOptions } from '../gateway/index.ts';
import type { TlsPair } from '../http/index.ts';
import type { Credentials } from '../resource-server/index.ts';
import { UserError } from './explain.ts';

/** What is written on the command line, or in the environment. */
export interface GatewaySettings {
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
  readonly drainDelay: string;
  readonly managementHost: string;
  readonly managementPort: string;
  readonly tlsCertificateFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsPolicy: TlsPolicy;
  readonly logLevel: string;
}

/** @throws UserError with what to do */
export function gatewayOptionsOf(
  options: Omit<
    GatewaySettings,
    'host' | 'port' | 'managementHost' | 'managementPort' | 'logLevel' | 'tlsPolicy'
  >,
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
  }: Pick<GatewaySettings, 'clientId' | 'clientSecretFile' | 'privateKeyFile'>,
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

export function portOf(option: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UserError(`${option} is a number from 0 to 65535; it is ${JSON.stringify(text)}`);
}

export function drainDelayMsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0 && seconds <= 60) return seconds * 1000;
  throw new UserError(`--drain-delay is a number of seconds up to 60; it is ${JSON.stringify(text)}`);
}

export function tlsOf({
  tlsCertificateFile,
  tlsKeyFile,
  tlsPolicy: policy,
}: Pick<GatewaySettings, 'tlsCertificateFile' | 'tlsKeyFile' | 'tlsPolicy'>): TlsPair | undefined {
  if (tlsCertificateFile === undefined && tlsKeyFile === undefined) return undefined;
  if (tlsCertificateFile === undefined || tlsKeyFile === undefined)
    throw new UserError('--tls-certificate-file and --tls-key-file go together');
  const key = read('--tls-key-file', tlsKeyFile);
  return {
    certificate: read('--tls-certificate-file', tlsCertificateFile),
    key: { reveal: () => key },
    policy,
  };
}
