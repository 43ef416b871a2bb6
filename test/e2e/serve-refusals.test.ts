import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

import { expectRefusal } from '../support/demo-suite.ts';
import { freePort } from '../support/ports.ts';
import { gatehouseArgs, runGatehouse, runToEnd } from '../support/process.ts';
import { COOKIE_KEY, STORE_SECRET, serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

let folder: ServeFolder | undefined;
afterEach(async () => {
  await folder?.remove();
  folder = undefined;
});

async function folderWith(change?: (yaml: string) => string): Promise<ServeFolder> {
  folder = await serveFolder(change);
  return folder;
}

describe('serve refuses a bad configuration, and config check says the same', () => {
  test.each([
    [
      '[GEN-01] plain http outside localhost',
      'issuer: .*',
      'issuer: http://auth.example.org',
      /:1:9 issuer: must use https; plain http is accepted on localhost only/,
    ],
    [
      '[GEN-01] a FHIR server over plain http',
      // With its path: a free port may begin with the same digits.
      'http://localhost:3999/fhir',
      'http://fhir.example.org/fhir',
      /:\d+:10 fhirServers\.0\.url: must use https/,
    ],
    [
      'a short secret',
      STORE_SECRET,
      'too-short',
      /:7:10 secrets\.store: needs 32 characters or more; make one with: openssl/,
    ],
    [
      'a default secret',
      STORE_SECRET,
      'change-me-change-me-change-me-change-me',
      /:7:10 secrets\.store: is a default secret; make one with: openssl/,
    ],
    ['one letter as secret', COOKIE_KEY, 'x'.repeat(40), /:8:\d+ secrets\.cookies\.0: is a default secret/],
    ['no cookie keys', / {2}cookies.*\n/.source, '', /:\d+:\d+ secrets\.cookies: is missing/],
    ['no secrets', /secrets:\n.*\n.*\n/.source, '', /:1:1 secrets: is missing/],
    [
      'an unknown setting',
      'listen: {',
      'listen: { adress: x,',
      /:2:11 listen\.adress: there is no such setting/,
    ],
    ['an unknown section', 'listen:', 'lissen: {}\nlisten:', /:2:1 lissen: there is no such setting/],
    [
      'redis without its URL',
      'dataDir: .*',
      'driver: redis',
      /:5:3 store\.redisUrl: the redis driver needs it, or REDIS_URL/,
    ],
    ['a port that is none', 'port: [0-9]+', 'port: 99999', /:2:17 listen\.port: /],
    [
      'no FHIR server',
      /fhirServers:[^]*/.source,
      'fhirServers: []',
      /:9:14 fhirServers: name at least one FHIR server/,
    ],
    ['malformed YAML', 'listen:', 'listen: [', /:\d+:\d+ /],
    [
      'a client with a bad redirect URI',
      '$',
      `clients: [{ client_id: a, client_name: A, redirect_uris: ['http://a.example'] }]`,
      /:12:\d+ clients\.0\.redirect_uris\.0: must use https, except on localhost/,
    ],
    [
      'a client of our own name',
      '$',
      `clients: [{ client_id: gatehouse, client_name: A, redirect_uris: ['https://a.example'] }]`,
      /:12:\d+ clients\.0\.client_id: is what Gatehouse calls itself/,
    ],
  ])('%s', async (_name, from, to, message) => {
    const { config } = await folderWith((yaml) => yaml.replace(new RegExp(from), to));
    const [serve, check] = await Promise.all([
      runGatehouse(['serve', '--config', config]),
      runGatehouse(['config', 'check', '--config', config]),
    ]);
    expectRefusal(serve, new RegExp(`^${config}${message.source}.*\\n$`));
    expect(check).toEqual(serve);
  });

  test('every problem is told at once, and neither a value nor a secret with it', async () => {
    const { config } = await folderWith((yaml) =>
      yaml.replace(/issuer.*/, 'issuer: http://auth.example.org').replace(STORE_SECRET, 'hunter2-hunter2'),
    );
    const ended = await runGatehouse(['serve', '--config', config], { REDIS_URL: 'http://:hunter2@redis' });
    expectRefusal(ended, /issuer: must use https/);
    expect(ended.stderr).toMatch(/^REDIS_URL \(environment\) store\.redisUrl: must begin with redis:\/\//m);
    expect(ended.stderr.trim().split('\n')).toHaveLength(3);
    expect(ended.stderr).not.toContain('hunter2');
  });

  test.each([
    [
      'a secret that is set twice',
      { STORE_SECRET, STORE_SECRET_FILE: '/none' },
      /STORE_SECRET: also set as STORE_SECRET_FILE; keep one/,
    ],
    [
      'a secret file that is not there',
      { STORE_SECRET_FILE: '/none/store' },
      /STORE_SECRET_FILE: cannot read \/none\/store: /,
    ],
    [
      'a configuration file that is not there',
      { GATEHOUSE_CONFIG: '/none/config.yaml' },
      /^\/none\/config\.yaml: cannot be read: /,
    ],
    [
      'a bad value in the environment',
      { ISSUER: 'http://auth.example.org' },
      /^ISSUER \(environment\) issuer: must use https/,
    ],
  ])('%s', async (_name, env, message) => {
    const { config } = await folderWith();
    const file: string[] = 'GATEHOUSE_CONFIG' in env ? [] : ['--config', config];
    expectRefusal(await runGatehouse(['serve', ...file], { ...env }), message);
  });
});

describe('serve that cannot start says why in one line', () => {
  let blocker: Server | undefined;
  afterEach(() => {
    blocker?.close();
    blocker = undefined;
  });
  const block = (port: number) =>
    new Promise<void>((resolve) => {
      blocker = createServer().listen(port, '127.0.0.1', resolve);
    });

  test.each([['port'], ['managementPort']] as const)('the %s is in use', async (which) => {
    const { config, ...ports } = await folderWith();
    await block(ports[which]);
    const { code, stderr } = await runGatehouse(['serve', '--config', config]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `gatehouse: port ${ports[which]} is in use; stop what uses it, or choose another port (see --help)\n`,
    });
  });

  test('the data folder may not be written', async () => {
    const { config, dir } = await folderWith();
    await mkdir(`${dir}/data`, { mode: 0o500 });
    // Root may write everywhere, so it gives that right up.
    const unprivileged = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'];
    const [command = '', ...args] = [
      ...(process.getuid?.() === 0 ? unprivileged : []),
      process.execPath,
      ...gatehouseArgs('serve', '--config', config),
    ];
    const ended = await runToEnd(command, args);
    expectRefusal(ended, /^gatehouse: cannot open the embedded store \S+\/data\/gatehouse\.sqlite: .*\n$/);
  });

  test('the data folder cannot be made', async () => {
    const { config } = await folderWith((yaml) => yaml.replace('/data', '/config.yaml/data'));
    const ended = await runGatehouse(['serve', '--config', config]);
    expectRefusal(ended, /^gatehouse: cannot open the embedded store \S+: .*not a directory.*\n$/);
  });

  test('Redis does not answer: host and port, and no password', async () => {
    const { config } = await folderWith();
    const port = await freePort();
    const ended = await runGatehouse(['serve', '--config', config], {
      REDIS_URL: `redis://someone:hunter2-secret@127.0.0.1:${port}/3`,
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      new RegExp(`^gatehouse: cannot reach Redis at 127\\.0\\.0\\.1:${port}/3: .*\\n$`),
    );
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('hunter2');
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/^\s*at /m);
  });

  test('the store secret is another one than before', async () => {
    const { config } = await folderWith();
    expect(await (await startServe(folder!)).stop()).toBe(0);
    const ended = await runGatehouse(['serve', '--config', config], {
      STORE_SECRET: `${STORE_SECRET}-other`,
    });
    // Another try would end the same way.
    expect(ended.code).toBe(78);
    expect(ended.stderr).toMatch(/^gatehouse: .*secret.*\n$/i);
  });
});
