import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';

import { until } from '../support/app.ts';
import { freePort } from '../support/ports.ts';
import { runGatehouse, runToEnd, terminate } from '../support/process.ts';
import { STORE_SECRET, serveFolder, startServe } from '../support/serve.ts';

const IMAGE_TIMEOUT_MS = 300_000;

test(
  'the stages of the Dockerfile build, and what comes out runs unprivileged and healthy',
  async () => {
    const ended = await runToEnd(process.execPath, ['tools/image.mjs'], {}, IMAGE_TIMEOUT_MS);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^image: passed$/m) });
  },
  IMAGE_TIMEOUT_MS,
);

interface Compose {
  readonly services: Record<'gatehouse' | 'redis', Service>;
  readonly secrets: Record<string, { file: string }>;
  readonly volumes: Record<string, null>;
}
interface Service {
  readonly environment?: Record<string, string>;
  readonly secrets: string[];
  readonly volumes: string[];
  readonly command: string[];
  readonly healthcheck: { test: string[] };
}

describe('deploy/compose.yaml', () => {
  let dir: string;
  let deploy: string;
  let text: string;
  let compose: Compose;
  let redis: ChildProcess | undefined;
  let port: number;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-compose-'));
    deploy = path.join(dir, 'deploy');
    await mkdir(deploy);
    await cp('config', path.join(dir, 'config'), { recursive: true });
    text = await readFile('deploy/compose.yaml', 'utf8');
    compose = parse(text);
    // What its first lines tell people to type.
    const commands = [...text.matchAll(/^# {3}(\S.*)$/gm)].map(([, command = '']) => command);
    const typed = await runToEnd('sh', ['-ec', [`cd ${deploy}`, ...commands].join('\n')]);
    expect(typed).toMatchObject({ code: 0 });
    port = await freePort();
  });
  afterAll(async () => {
    if (redis) await terminate(redis);
    await rm(dir, { recursive: true, force: true });
  });

  const inDeploy = (file: string): string => path.join(deploy, file);
  /** A command of the file as it runs in the container, but with our folders and port. */
  const here = (command: string): string =>
    command.replaceAll('$$', '$').replaceAll('/run/secrets', inDeploy('secrets'));

  test('names only files that its first lines make, and settings there are', async () => {
    const variables = await readFile('config/example.env', 'utf8');
    for (const name of Object.keys(compose.services.gatehouse.environment ?? {}))
      expect(variables).toMatch(new RegExp(`^${name.replace(/_FILE$/, '')}(_FILE)?=`, 'm'));
    for (const { file } of Object.values(compose.secrets))
      expect((await readFile(inDeploy(file), 'utf8')).trim()).not.toBe('');
    for (const service of Object.values(compose.services)) {
      for (const secret of service.secrets) expect(Object.keys(compose.secrets)).toContain(secret);
      for (const volume of service.volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) await readFile(inDeploy(source));
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  test('with the example configuration, the server in it would start', async () => {
    const { environment = {}, secrets } = compose.services.gatehouse;
    const config =
      (await readFile(inDeploy('config.yaml'), 'utf8')).match(/^[^#\n]*\/run\/secrets\/\w+/gm) ?? [];
    expect(secrets).toEqual(expect.arrayContaining(config.map((file) => path.basename(file))));
    await runToEnd('sed', ['-i', `s#/run/secrets#${inDeploy('secrets')}#`, inDeploy('config.yaml')]);
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value)]));
    const check = await runGatehouse(['config', 'check', '--config', inDeploy('config.yaml')], env);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('store redis') });
  });

  test('its Redis starts, asks for the password, never evicts and writes to disk; the server works on it', async () => {
    const [, , script = ''] = compose.services.redis.command;
    const local = ` --port ${port} --bind 127.0.0.1 --dir ${dir}`;
    redis = spawn('sh', ['-c', here(script).replace('redis-server', `redis-server${local}`)], {
      stdio: 'ignore',
    });
    const [, healthy = ''] = compose.services.redis.healthcheck.test;
    const onPort = (command: string): string => here(command).replace('redis-cli', `redis-cli -p ${port}`);
    const deadline = Date.now() + 5000;
    while ((await runToEnd('sh', ['-c', onPort(healthy)])).code !== 0) {
      expect(Date.now()).toBeLessThan(deadline);
      await delay(50);
    }
    const [cli = ''] = onPort(healthy).split(' ping');
    for (const [name, value] of [
      ['maxmemory-policy', 'noeviction'],
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
    ])
      expect((await runToEnd('sh', ['-c', `${cli} config get ${name}`])).stdout).toBe(`${name}\n${value}\n`);
    const stranger = await runToEnd('redis-cli', ['-p', String(port), 'ping']);
    expect(stranger.stdout).toContain('NOAUTH');

    const url = (await readFile(inDeploy('secrets/redis_url'), 'utf8')).replace(
      'redis:6379',
      `127.0.0.1:${port}`,
    );
    const folder = await serveFolder();
    const server = await startServe(folder, {
      REDIS_URL_FILE: await folder.write('redis_url', url),
      STORE_SECRET,
    });
    // What it says comes through a pipe, and may come after the answer that it is ready.
    const opened = `"store":"redis","at":"127.0.0.1:${port}/0"`;
    await until(() => server.said.stdout.includes(opened), 'the store it opened is said');
    expect(`${server.said.stdout}${server.said.stderr}`).not.toContain(new URL(url).password);
    expect(await server.stop()).toBe(0);
    await folder.remove();
  });
});
