import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET } from '../../support/clients.ts';
import { authorize, redeem } from '../../support/flow.ts';
import { FHIR } from '../../support/gatehouse.ts';
import { runToEnd } from '../../support/process.ts';
import { gatehouseOn } from '../../support/suite.ts';

jest.setTimeout(120_000);
const PATIENCE_MS = 60_000;

/** What somebody does who has nothing but the package. */
const USER = `
import { createResourceServer, decide, interactionOf, type TokenInfo } from 'gatehouse-resource-server';
import { admittedBy, guardExpress } from 'gatehouse-resource-server/express';
import { guardFastify } from 'gatehouse-resource-server/fastify';
import { guardKoa } from 'gatehouse-resource-server/koa';
import { createServer } from 'node:http';

const [issuer = '', fhirBaseUrl = '', clientSecret = '', token = ''] = process.argv.slice(2);
const credentials = { clientId: 'fhir-server', clientSecret };
const server = createResourceServer({ issuer, fhirBaseUrl, credentials });
const deadline = Date.now() + 5000;
while (server.status().feed !== 'stream' && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20));

const caller = await server.authenticate({ authorization: \`Bearer \${token}\` });
const known: TokenInfo | undefined = caller.ok ? caller.token : undefined;
const query = new URLSearchParams();
const read = interactionOf({ method: 'GET', pathBelowBase: '/Observation/1', query });
const guard = guardExpress(server);
const http = createServer((request, response) =>
  guard(request, response, () => response.end(admittedBy(request).interaction.kind)),
);
await new Promise<void>((listening) => http.listen(0, () => listening()));
const { port } = http.address() as { port: number };
const ask = async (authorization: string) => {
  const answer = await fetch(\`http://localhost:\${port}/fhir/Observation/1\`, { headers: { authorization } });
  return [answer.status, answer.ok ? await answer.text() : ''];
};
process.stdout.write(JSON.stringify({
  patient: known?.patient,
  allowed: known && decide(known, read).allowed,
  status: server.status(),
  answers: [await ask(\`Bearer \${token}\`), await ask('Bearer nonsense')],
  adapters: [typeof guardKoa(server), typeof guardFastify(server)],
}));
http.close();
http.closeAllConnections();
await server.close();
`;

describe('the packed kit, installed by itself', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));
  let folder: string;
  let token = '';
  const here = (...parts: string[]): string => path.join(folder, ...parts);
  const run = async (command: string, args: readonly string[], cwd = folder): Promise<string> => {
    const program = command === 'npm' ? 'npm' : process.execPath;
    // In the folder, with what npm keeps beside it: nothing of this machine's npm is used or changed.
    const line = `cd "$0" && exec "$@"`;
    const given = command === 'npm' ? args : [command, ...args];
    const env = {
      npm_config_cache: here('npm-cache'),
      npm_config_userconfig: here('npmrc'),
      PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    };
    const { code, stdout, stderr } = await runToEnd(
      'sh',
      ['-c', line, cwd, program, ...given],
      env,
      PATIENCE_MS,
    );
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
    return stdout.trim();
  };

  beforeAll(async () => {
    const { issuer } = suite.server;
    token = (await redeem(issuer, await authorize(issuer))).body.access_token;
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-kit-user-'));
    await Promise.all([mkdir(here('packed')), mkdir(here('app'))]);
    await run(path.resolve('tools/pack-kit.mjs'), [here('packed')]);
    // Its one dependency, from our own copy: the network is not asked.
    const jose = path.resolve('node_modules/jose');
    await run('npm', ['pack', jose, '--pack-destination', here('packed'), '--ignore-scripts']);
    await writeFile(here('app', 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    await writeFile(here('app', 'user.ts'), USER);
    const packed = (await readdir(here('packed'))).map((name) => here('packed', name));
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packed], here('app'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('[SEC-9] it brings jose and nothing else', async () => {
    const names = (await readdir(here('app', 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(names.sort()).toEqual(['gatehouse-resource-server', 'jose']);
  });

  test('[SEM-01] [SEM-25] it guards a server against a running Gatehouse', async () => {
    const args = ['--disable-warning=ExperimentalWarning', here('app', 'user.ts')];
    const [first = '', ...rest] = args;
    const told = await run(first, [...rest, suite.server.issuer, FHIR, RS_SECRET, token], here('app'));
    expect(JSON.parse(told)).toEqual({
      patient: 'p1',
      allowed: true,
      status: { feed: 'stream', cachedTokens: 1, lostUses: 0 },
      answers: [
        [200, 'read'],
        [401, ''],
      ],
      adapters: ['function', 'function'],
    });
  });

  test('[SEM-25] its types are complete for whoever writes TypeScript', async () => {
    await mkdir(here('app', 'node_modules', '@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types'])
      await symlink(path.resolve('node_modules', name), here('app', 'node_modules', name));
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
    const compiler = path.resolve('node_modules/typescript/bin/tsc');
    expect(await run(compiler, [...flags, 'user.ts'], here('app'))).toBe('');
  });
});
