/** An environment variable and the setting it stands for. Variables win over the file. */
interface Variable {
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly secret?: true;
  readonly list?: true;
}

const VARIABLES: readonly Variable[] = [
  { name: 'ISSUER', path: ['issuer'] },
  { name: 'HOST', path: ['listen', 'host'] },
  { name: 'PORT', path: ['listen', 'port'] },
  { name: 'TLS_CERTIFICATE', path: ['listen', 'tls', 'certificate'], secret: true },
  { name: 'TLS_KEY', path: ['listen', 'tls', 'key'], secret: true },
  { name: 'MANAGEMENT_HOST', path: ['management', 'host'] },
  { name: 'MANAGEMENT_PORT', path: ['management', 'port'] },
  { name: 'TRUST_PROXY', path: ['trustProxy'] },
  { name: 'TRUSTED_PROXIES', path: ['trustedProxies'], list: true },
  { name: 'FIPS', path: ['fips'] },
  { name: 'FHIR_BASE_URL', path: ['fhirServers', 0, 'url'] },
  { name: 'DATA_DIR', path: ['store', 'dataDir'] },
  { name: 'REDIS_URL', path: ['store', 'redisUrl'], secret: true },
  { name: 'REDIS_SENTINELS', path: ['store', 'redisSentinel', 'nodes'], list: true },
  { name: 'REDIS_MASTER_NAME', path: ['store', 'redisSentinel', 'master'] },
  { name: 'REDIS_MASTER_USERNAME', path: ['store', 'redisSentinel', 'username'] },
  { name: 'REDIS_MASTER_PASSWORD', path: ['store', 'redisSentinel', 'password'], secret: true },
  { name: 'REDIS_SENTINEL_USERNAME', path: ['store', 'redisSentinel', 'sentinelUsername'] },
  { name: 'REDIS_SENTINEL_PASSWORD', path: ['store', 'redisSentinel', 'sentinelPassword'], secret: true },
  { name: 'REDIS_SENTINEL_TLS', path: ['store', 'redisSentinel', 'tls'] },
  { name: 'REDIS_CLUSTER_NODES', path: ['store', 'redisCluster', 'nodes'], secret: true, list: true },
  { name: 'STORE_SECRET', path: ['secrets', 'store'], secret: true },
  { name: 'STORE_SECRET_PREVIOUS', path: ['secrets', 'storePrevious'], secret: true, list: true },
  { name: 'COOKIE_KEYS', path: ['secrets', 'cookies'], secret: true, list: true },
  { name: 'MAIL_HOST', path: ['mail', 'host'] },
  { name: 'MAIL_PORT', path: ['mail', 'port'] },
  { name: 'MAIL_USER', path: ['mail', 'user'] },
  { name: 'MAIL_PASSWORD', path: ['mail', 'password'], secret: true },
  { name: 'MAIL_FROM', path: ['mail', 'from'] },
  { name: 'LOG_LEVEL', path: ['log', 'level'] },
];

export interface Override {
  readonly path: readonly (string | number)[];
  readonly value: string | string[];
  /** For people: `ISSUER (environment)`. */
  readonly origin: string;
}

export type ReadFile = (path: string) => string;

/**
 * Reads the variables that are set; each secret also from the file `<NAME>_FILE` names. Both set is a mistake worth
 * stopping for: one of them is not what its owner thinks.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): { overrides: Override[]; problems: string[] } {
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const { name, path, secret, list } of VARIABLES) {
    const fileName = secret ? env[`${name}_FILE`] : undefined;
    const direct = env[name];
    if (direct !== undefined && fileName !== undefined)
      problems.push(`${name}: also set as ${name}_FILE; keep one`);
    const value =
      fileName === undefined ? direct : readSecretFile(`${name}_FILE`, fileName, readFile, problems);
    if (value === undefined || value === '') continue;
    overrides.push({
      path,
      value: list ? value.split(/[\s,]+/).filter(Boolean) : value,
      origin: `${name} (environment)`,
    });
  }
  return { overrides, problems };
}

function readSecretFile(
  name: string,
  path: string,
  readFile: ReadFile,
  problems: string[],
): string | undefined {
  try {
    return readFile(path).trim();
  } catch (error) {
    problems.push(`${name}: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
