import { describe, expect, test } from '@jest/globals';
import { ConfigProblems, loadConfig, type Config } from '../../../src/config/index.ts';

const STORE_SECRET = 'kX0vYpQ7mB3nZ8sT1wR6uL5hG2fD9cA4';
const COOKIE_KEY = 'pL9oK8iJ7uH6yG5tF4rD3eS2wA1qZ0xC';
const BASE = `issuer: https://auth.example.org
secrets:
  store: ${STORE_SECRET}
  cookies: [${COOKIE_KEY}]
fhirServers:
  - id: main
    url: https://ehr.example.org/fhir/r4
`;

type Env = Readonly<Record<string, string>>;
type Files = Readonly<Record<string, string>>;

function load(yaml: string | undefined, env: Env = {}, files: Files = {}): Config {
  const all: Files = { ...files, ...(yaml === undefined ? {} : { 'gatehouse.yaml': yaml }) };
  return loadConfig({
    ...(yaml === undefined ? {} : { file: 'gatehouse.yaml' }),
    env,
    readFile(path) {
      const text = all[path];
      if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
      return text;
    },
  });
}

/** Everything that is reported about a configuration; empty when it loads. */
function problemsOf(yaml: string | undefined, env: Env = {}, files: Files = {}): readonly string[] {
  try {
    load(yaml, env, files);
    return [];
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
}

const ENVIRONMENT: Env = {
  ISSUER: 'https://auth.example.org',
  FHIR_BASE_URL: 'https://ehr.example.org/fhir/r4',
  STORE_SECRET,
  COOKIE_KEYS: COOKIE_KEY,
};

describe('loadConfig', () => {
  test('what is not said is safe', () => {
    const config = load(BASE);
    expect(config).toMatchObject({
      issuer: 'https://auth.example.org',
      listen: { host: '127.0.0.1', port: 3000 },
      management: { host: '127.0.0.1', port: 9000 },
      trustProxy: false,
      store: { driver: 'embedded', dataDir: './data', allowVolatile: false },
      fhirServers: [{ id: 'main', name: 'FHIR server', url: 'https://ehr.example.org/fhir/r4' }],
      clients: [],
      tokens: {
        accessTokenSeconds: 3600,
        backendTokenSeconds: 300,
        codeSeconds: 60,
        revokeAccessToken: 'token',
      },
      limits: {
        tokensPerClient: 600,
        introspectionsPerClient: 0,
        launchesPerEhr: 100,
        authorizationsPerAddress: 300,
        failuresPerAddress: 120,
      },
    });
    expect(config.secrets.store.reveal()).toBe(STORE_SECRET);
  });

  test('[A170] refresh tokens live three months by default', () => {
    expect(load(BASE).tokens.refreshTokenSeconds).toBeGreaterThanOrEqual(90 * 24 * 3600);
  });

  test('it cannot be changed afterwards', () => {
    const config = load(BASE) as { issuer: string; tokens: { codeSeconds: number } };
    expect(() => (config.issuer = 'x')).toThrow(TypeError);
    expect(() => (config.tokens.codeSeconds = 9)).toThrow(TypeError);
  });

  test('a slash at the end of a URL is not part of it', () => {
    expect(load(BASE.replace('.org\n', '.org/\n')).issuer).toBe('https://auth.example.org');
  });

  test.each([
    [
      'no such file',
      undefined,
      "gatehouse.yaml: cannot be read: ENOENT: no such file, open 'gatehouse.yaml'",
    ],
    ['a broken file', 'issuer: "https\n', /^gatehouse\.yaml:\d+:\d+ /],
    ['a setting twice', `${BASE}issuer: https://b.example\n`, /^gatehouse\.yaml:8:1 Map keys must be unique/],
  ])('[F43] %s stops the start', (_what, yaml, problem) => {
    const read = (): Config =>
      loadConfig({
        file: 'gatehouse.yaml',
        env: {},
        readFile: () => {
          if (yaml === undefined) throw new Error("ENOENT: no such file, open 'gatehouse.yaml'");
          return yaml;
        },
      });
    expect(read).toThrow(ConfigProblems);
    expect(read).toThrow(problem);
  });
});

describe('problems', () => {
  test.each([
    // what is wrong           file                                                          problem
    [
      'an http issuer',
      BASE.replace('https://auth', 'http://auth'),
      'gatehouse.yaml:1:9 issuer: must use https; plain http is accepted on localhost only',
    ],
    [
      'no URL',
      BASE.replace('https://auth.example.org', 'auth.example.org'),
      'gatehouse.yaml:1:9 issuer: must be an absolute URL such as https://auth.example.org',
    ],
    [
      'a query in a URL',
      BASE.replace('/fhir/r4', '/fhir/r4?x=1'),
      'gatehouse.yaml:7:10 fhirServers.0.url: must have no query, fragment or user name',
    ],
    [
      'an http FHIR server',
      BASE.replace('https://ehr', 'http://ehr'),
      'gatehouse.yaml:7:10 fhirServers.0.url: must use https; plain http is accepted on localhost only',
    ],
    ['a setting nobody knows', `${BASE}tokns: {}\n`, 'gatehouse.yaml:8:1 tokns: there is no such setting'],
    [
      'one nobody knows inside another',
      `${BASE}tokens:\n  accessTokenSecs: 60\n`,
      'gatehouse.yaml:9:3 tokens.accessTokenSecs: there is no such setting',
    ],
    [
      'one nobody knows in a list',
      BASE.replace('    url:', '    colour: red\n    url:'),
      'gatehouse.yaml:7:5 fhirServers.0.colour: there is no such setting',
    ],
    [
      'a missing setting',
      BASE.replace(/ {2}cookies.*\n/, ''),
      'gatehouse.yaml:3:3 secrets.cookies: is missing',
    ],
    [
      'no FHIR server',
      BASE.replace(/fhirServers:[^]*/, 'fhirServers: []\n'),
      'gatehouse.yaml:5:14 fhirServers: name at least one FHIR server',
    ],
    [
      'a limit below none',
      `${BASE}limits:\n  tokensPerClient: -1\n`,
      'gatehouse.yaml:9:20 limits.tokensPerClient: Too small: expected number to be >=0',
    ],
    [
      'redis without URL',
      `${BASE}store:\n  driver: redis\n`,
      'gatehouse.yaml:9:3 store.redisUrl: the redis driver needs it, or REDIS_URL; or redisSentinel, or redisCluster',
    ],
    [
      'a URL of something else',
      `${BASE}store:\n  redisUrl: http://localhost\n`,
      'gatehouse.yaml:9:13 store.redisUrl: must begin with redis:// or rediss://',
    ],
    [
      'a short secret',
      BASE.replace(STORE_SECRET, STORE_SECRET.slice(1)),
      'gatehouse.yaml:3:10 secrets.store: needs 32 characters or more; make one with: openssl rand -base64 48',
    ],
    [
      'a client that contradicts itself',
      `${BASE}clients:\n  - client_id: app\n    client_name: App\n`,
      'gatehouse.yaml:9:5 clients.0: authorization_code needs a redirect_uri',
    ],
  ])('[F43] %s: %#', (_what, yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([problem]);
  });

  test('[F43] every problem is reported at once, with its place', () => {
    const yaml = BASE.replace('https://auth', 'http://auth').replace('https://ehr', 'http://ehr');
    const problems = problemsOf(`${yaml}nonsense: 1\nlog:\n  level: loud\n`, { PORT: 'seventy' });
    expect(problems.map((problem) => problem.split(' ').slice(0, -1)[0])).toEqual(
      expect.arrayContaining([
        'gatehouse.yaml:1:9',
        'gatehouse.yaml:7:10',
        'gatehouse.yaml:8:1',
        'gatehouse.yaml:10:10',
        'PORT',
      ]),
    );
    expect(problems).toHaveLength(5);
  });

  test('[F43] without a file the environment is where a missing setting is missing', () => {
    expect(problemsOf(undefined)).toEqual([
      'environment issuer: is missing',
      'environment secrets: is missing',
      'environment fhirServers: is missing',
      '(no configuration file was given: add --config FILE)',
    ]);
  });

  test.each([
    ['http://localhost:3000', []],
    ['http://127.0.0.1:3000', []],
    ['http://[::1]:3000', []],
    ['http://localhost.evil.example', ['must use https; plain http is accepted on localhost only']],
    ['http://192.168.0.7', ['must use https; plain http is accepted on localhost only']],
    ['ftp://localhost', ['must be an absolute URL such as https://auth.example.org']],
    ['https://user@auth.example.org', ['must have no query, fragment or user name']],
    ['https://:pw@auth.example.org', ['must have no query, fragment or user name']],
    [' https://auth.example.org', ['must be an absolute URL such as https://auth.example.org']],
    ['https://auth.example.org?', ['must have no query, fragment or user name']],
    ['https://auth.example.org#', ['must have no query, fragment or user name']],
  ])('[GEN-01] the issuer %s', (issuer, problems) => {
    const expected = problems.map((problem) => `ISSUER (environment) issuer: ${problem}`);
    expect(problemsOf(BASE, { ISSUER: issuer })).toEqual(expected);
  });

  test.each([
    'change-me-change-me-change-me-change-me',
    'changemechangemechangemechangeme',
    'CHANGE_ME_BEFORE_PRODUCTION_PLEASE_DO',
    'secret-secret-secret-secret-secret-',
    'default-default-default-default-default',
    'example-example-example-example-example',
    'password-password-password-password',
    'a'.repeat(48),
  ])('[SEC-11] the secret %s is one people forget to change', (text) => {
    const problem = 'is a default secret; make one with: openssl rand -base64 48';
    expect(problemsOf(BASE, { STORE_SECRET: text })).toEqual([
      `STORE_SECRET (environment) secrets.store: ${problem}`,
    ]);
    expect(problemsOf(BASE, { COOKIE_KEYS: `${COOKIE_KEY} ${text}` })).toEqual([
      `COOKIE_KEYS (environment) secrets.cookies.1: ${problem}`,
    ]);
  });

  test('[SEC-11] no report repeats a secret', () => {
    const secret = 'too-short-to-be-one-Zq7';
    const redisUrl = 'http://:Zq7-password@redis.example';
    const problems = problemsOf(BASE, { STORE_SECRET: secret, COOKIE_KEYS: secret, REDIS_URL: redisUrl });
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).not.toContain('Zq7');
  });
});

describe('the environment', () => {
  test('is enough by itself', () => {
    expect(load(undefined, ENVIRONMENT)).toMatchObject({
      issuer: 'https://auth.example.org',
      fhirServers: [{ id: 'main', url: 'https://ehr.example.org/fhir/r4' }],
    });
  });

  test('wins over the file, setting by setting', () => {
    const yaml = `${BASE}listen:\n  host: 10.0.0.1\n  port: 4000\n`;
    const config = load(yaml, {
      PORT: '5000',
      FHIR_BASE_URL: 'https://other.example/fhir',
      TRUST_PROXY: 'true',
      LOG_LEVEL: 'warn',
    });
    expect(config).toMatchObject({
      listen: { host: '10.0.0.1', port: 5000 },
      fhirServers: [{ id: 'main', url: 'https://other.example/fhir' }],
      trustProxy: true,
      log: { level: 'warn' },
    });
  });

  test('a variable that is empty says nothing', () => {
    expect(load(BASE, { ISSUER: '', STORE_SECRET: '' }).issuer).toBe('https://auth.example.org');
  });

  test('REDIS_URL chooses the driver with it', () => {
    const { store } = load(BASE, { REDIS_URL: 'redis://redis:6379' });
    expect(store).toMatchObject({ driver: 'redis' });
    expect(store.redisUrl?.reveal()).toBe('redis://redis:6379');
  });

  test('[SEC-11] cookie keys are a list, the first of which signs', () => {
    const other = [...COOKIE_KEY].reverse().join('');
    const { cookies } = load(BASE, { COOKIE_KEYS: `${other}, ${COOKIE_KEY}` }).secrets;
    expect(cookies.map((one) => one.reveal())).toEqual([other, COOKIE_KEY]);
  });

  test.each(['STORE_SECRET', 'COOKIE_KEYS', 'REDIS_URL'])(
    '[SEC-11] %s may stand in a file of its own',
    (name) => {
      const value = {
        STORE_SECRET: 'f'.concat(STORE_SECRET),
        COOKIE_KEYS: COOKIE_KEY,
        REDIS_URL: 'redis://r',
      }[name]!;
      const config = load(BASE, { [`${name}_FILE`]: '/run/secrets/x' }, { '/run/secrets/x': `${value}\n` });
      const revealed = [config.secrets.store, ...config.secrets.cookies, config.store.redisUrl].map((one) =>
        one?.reveal(),
      );
      expect(revealed).toContain(value);
    },
  );

  test('[SEC-11] a secret both set and in a file is a mistake, not a choice', () => {
    const problems = problemsOf(
      BASE,
      { STORE_SECRET, STORE_SECRET_FILE: '/run/secrets/x' },
      { '/run/secrets/x': STORE_SECRET },
    );
    expect(problems).toEqual(['STORE_SECRET: also set as STORE_SECRET_FILE; keep one']);
  });

  test('[SEC-11] a file that is not there is reported by its variable', () => {
    expect(problemsOf(BASE, { STORE_SECRET_FILE: '/run/secrets/x' })).toEqual([
      "STORE_SECRET_FILE: cannot read /run/secrets/x: ENOENT: no such file, open '/run/secrets/x'",
    ]);
  });

  test('[F43] only secrets may stand in files', () => {
    const files = { '/issuer': 'https://other.example' };
    expect(load(BASE, { ISSUER_FILE: '/issuer' }, files).issuer).toBe('https://auth.example.org');
  });
});

test('[CRG-12] a client that names a FHIR server we do not have', () => {
  const client = '{ client_id: a, client_name: A, grant_types: [], fhir_servers: [west] }';
  expect(problemsOf(`${BASE}clients: [${client}]\n`)).toEqual([
    expect.stringMatching(
      /^gatehouse\.yaml:\d+:\d+ clients\.0\.fhir_servers: west is not the id of a FHIR server$/,
    ),
  ]);
});

test('[SEC-9] records for a FHIR server we do not have', () => {
  expect(problemsOf(`${BASE}records: { push: [west] }\n`)).toEqual([
    expect.stringMatching(/^gatehouse\.yaml:\d+:\d+ records\.push: west is not the id of a FHIR server$/),
  ]);
});

describe('settings in files', () => {
  const files = { '/run/store': `${STORE_SECRET}\n`, '/run/cookies': `${COOKIE_KEY}\n${STORE_SECRET}\n` };

  test('[SEC-11] secrets may be named by the file they stand in', () => {
    const yaml = BASE.replace(`store: ${STORE_SECRET}`, 'storeFile: /run/store').replace(
      /cookies: .*/,
      'cookiesFile: /run/cookies',
    );
    const { secrets } = load(yaml, {}, files);
    expect(secrets.store.reveal()).toBe(STORE_SECRET);
    expect(secrets.cookies.map((one) => one.reveal())).toEqual([COOKIE_KEY, STORE_SECRET]);
  });

  test('[SEC-11] a client secret too', () => {
    const client = `clients:
  - client_id: app
    client_name: App
    redirect_uris: [https://app.example/cb]
    token_endpoint_auth_method: client_secret_basic
    client_secret_file: /run/app
`;
    const config = load(BASE + client, {}, { '/run/app': 'a-secret-of-enough-length\n' });
    expect(config.clients[0]?.client_secret).toBe('a-secret-of-enough-length');
  });

  test('[SEC-11] both the secret and its file is a mistake', () => {
    const yaml = BASE.replace('  cookies', '  storeFile: /run/store\n  cookies');
    expect(problemsOf(yaml, {}, files)).toEqual([
      expect.stringMatching(/^gatehouse\.yaml:\d+:3 secrets\.storeFile: also set as store; keep one$/),
    ]);
  });

  test('[SEC-11] a file that is not there is reported by its setting', () => {
    const yaml = BASE.replace(`store: ${STORE_SECRET}`, 'storeFile: /run/nothing');
    // By its place, and alone: that the secret is then missing goes without saying.
    expect(problemsOf(yaml)).toEqual([
      expect.stringMatching(/^gatehouse\.yaml:\d+:3 secrets\.storeFile: cannot read \/run\/nothing: ENOENT/),
    ]);
  });
});
