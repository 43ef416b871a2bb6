import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort } from '../support/ports.ts';
import { gatehouseArgs, runGatehouse, runToEnd } from '../support/process.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-start-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Makes Node say that it is another version. */
function pretend(version: string): string[] {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

/** The machine's own Node, when it is older than ours; else ours, pretending. */
function oldNode(): { command: string; args: string[]; version: string } {
  for (const command of ['/usr/bin/node', '/usr/local/bin/node']) {
    const version = existsSync(command)
      ? spawnSync(command, ['-p', 'process.versions.node']).stdout.toString().trim()
      : '';
    if (version !== '' && Number(version.split('.')[0]) < 24) return { command, args: [], version };
  }
  return { command: process.execPath, args: pretend('20.19.0'), version: '20.19.0' };
}

describe('an old Node', () => {
  test('npm start says in one line which it needs', async () => {
    const ended = await runToEnd(process.execPath, [...pretend('18.20.1'), 'tools/start.mjs']);
    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Gatehouse needs Node.js 20 or newer to set itself up; this is 18.20.1.\n',
    });
  });

  test('npm start on Node 20 runs Gatehouse on the Node that came with it', async () => {
    const { command, args } = oldNode();
    const ended = await runToEnd(command, [...args, 'tools/start.mjs', '--help']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^Usage: gatehouse demo \[options\]/m);
  });

  test('the built server says in one line which it needs', async () => {
    const built = path.join(dir, 'main.mjs');
    await writeFile(built, stripTypeScriptTypes(await readFile('src/main.ts', 'utf8')));
    const { command, args, version } = oldNode();
    expect(await runToEnd(command, [...args, built, 'serve'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `gatehouse needs Node.js 24 or newer; this is ${version}.\n`,
    });
  });
});

describe('a demo that cannot start says why in one line', () => {
  let blocker: Server | undefined;
  const demo = async (...args: string[]) => {
    const ports: string[] = [];
    for (const name of ['--port', '--fhir-port', '--apps-port', '--management-port'])
      if (!args.includes(name)) ports.push(name, String(await freePort()));
    return runGatehouse(['demo', '--data-dir', path.join(dir, 'data'), ...ports, ...args]);
  };

  test.each(['--port', '--fhir-port', '--apps-port', '--management-port'])('%s is in use', async (option) => {
    const port = await freePort();
    await new Promise<void>((resolve) => (blocker = createServer().listen(port, '127.0.0.1', resolve)));
    const { code, stderr, stdout } = await demo(option, String(port));
    await new Promise((resolve) => blocker?.close(resolve));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `gatehouse: port ${port} is in use; stop what uses it, or choose another port (see --help)\n`,
    });
    expect(stdout).not.toContain('is running');
  });

  test.each(['0', '70000', 'http', '-1', '3000.5'])('--port %s', async (port) => {
    const { code, stdout, stderr } = await demo(`--port=${port}`);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `gatehouse: --port needs a port number, not ${port}\n`,
    });
  });

  test('its folder may not be written', async () => {
    await chmod(dir, 0o500);
    const root = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'];
    const [command = '', ...args] = [
      ...(process.getuid?.() === 0 ? root : []),
      process.execPath,
      ...gatehouseArgs('demo', '--data-dir', path.join(dir, 'other'), '--port', String(await freePort())),
    ];
    const { code, stdout, stderr } = await runToEnd(command, args);
    await chmod(dir, 0o700);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^gatehouse: the demo cannot keep its files in \S+: EACCES.*; choose another folder with --data-dir\n$/,
    );
  });

  test('Redis does not answer', async () => {
    const { code, stderr } = await runGatehouse(['demo', '--data-dir', path.join(dir, 'data')], {
      REDIS_URL: `redis://:hunter2@127.0.0.1:${await freePort()}`,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gatehouse: cannot reach Redis at 127\.0\.0\.1:\d+\/0: .*ECONNREFUSED.*\n$/);
  });
});

describe('help', () => {
  test.each([
    [
      '--help',
      /^Usage: gatehouse \[options\] \[command\]\n[^]*serve[^]*demo[^]*client[^]*user[^]*keys[^]*config/,
    ],
    ['serve --help', /^Usage: gatehouse serve [^]*--config <file>[^]*GATEHOUSE_CONFIG/],
    [
      'demo --help',
      /^Usage: gatehouse demo [^]*--port[^]*3000[^]*--fhir-port[^]*3001[^]*--apps-port[^]*3002[^]*--data-dir/,
    ],
    ['client --help', /^Usage: gatehouse client [^]*add[^]*list[^]*disable[^]*enable[^]*remove/],
    ['client add --help', /^Usage: gatehouse client add [^]*--demo[^]*--redirect-uri[^]*--scope[^]*--auth/],
    ['user add --help', /^Usage: gatehouse user add [^]*--role[^]*--fhir-user[^]*--password-file/],
    ['keys --help', /^Usage: gatehouse keys [^]*list[^]*rotate/],
    ['config check --help', /^Usage: gatehouse config check [^]*--config/],
  ])('%s', async (typed, shown) => {
    const ended = await runGatehouse(typed.split(' '));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(shown);
  });

  test.each([
    ['frobnicate', /^error: unknown command 'frobnicate'\n/],
    ['serve --frobnicate', /^error: unknown option '--frobnicate'\n/],
    ['demo extra', /^error: too many arguments/],
    ['', /^Usage: gatehouse /],
  ])('a mistake: gatehouse %s', async (typed, said) => {
    const { code, stdout, stderr } = await runGatehouse(typed.split(' ').filter(Boolean));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/^\s*at /m);
  });
});
