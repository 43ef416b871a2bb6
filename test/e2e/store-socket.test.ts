import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { expectRefusal } from '../support/demo-suite.ts';
import { startDemo } from '../support/demo.ts';
import { runGatehouse, type Ended } from '../support/process.ts';
import { serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

const REDIRECT = 'http://localhost:4999/cb';
const APP = ['--name', 'Ward App', '--redirect-uri', REDIRECT, '--scope', 'patient/*.rs'];

describe('the command line beside a server on the embedded store', () => {
  let folder: ServeFolder;
  beforeEach(async () => {
    folder = await serveFolder();
  });
  afterEach(() => folder.remove());

  const data = (...names: string[]): string => path.join(folder.dir, 'data', ...names);
  const cli = (...args: string[]): Promise<Ended> => runGatehouse([...args, '--config', folder.config]);
  const added = async (id: string): Promise<Ended> => cli('client', 'add', '--id', id, ...APP);
  const clients = async (): Promise<string[]> => {
    const { code, stdout, stderr } = await cli('client', 'list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return [...stdout.matchAll(/^([\w-]+) +Ward App .* (\w+)$/gm)].map(([, id, state]) => `${id} ${state}`);
  };

  test('[SEC-11] the socket is the owner’s alone, and is gone with the server', async () => {
    const running = await startServe(folder);
    const socket = await lstat(data('gatehouse.sock'));
    expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600]);
    expect((await stat(data())).mode & 0o777).toBe(0o700);
    expect(await running.stop()).toBe(0);
    await expect(lstat(data('gatehouse.sock'))).rejects.toThrow(/ENOENT/);
  });

  test('[C2] commands work through the server, and without one on the file', async () => {
    expect((await added('before')).code).toBe(0);
    const running = await startServe(folder);
    expect((await added('beside')).stdout).toMatch(/^client beside was added\n/);
    expect((await cli('client', 'disable', 'before')).code).toBe(0);
    const person = ['--username', 'erin', '--name', 'Erin', '--role', 'patient'];
    expect((await cli('user', 'add', ...person, '--fhir-user', 'Patient/1')).stdout).toMatch(
      /^user erin was/,
    );
    expect(await clients()).toEqual(['before disabled', 'beside enabled']);
    await running.stop();
    expect((await added('after')).code).toBe(0);
    expect(await clients()).toEqual(['after enabled', 'before disabled', 'beside enabled']);
    expect((await cli('user', 'list')).stdout).toMatch(/^erin /m);
  });

  test('[C2] while a server runs a command does not open the file, not even one that is hard to read', async () => {
    const running = await startServe(folder);
    // Only who opened it before finds it still.
    await rename(data('gatehouse.sqlite'), data('elsewhere.sqlite'));
    expect((await added('beside')).code).toBe(0);
    expect(await clients()).toEqual(['beside enabled']);
    await expect(stat(data('gatehouse.sqlite'))).rejects.toThrow(/ENOENT/);
    await running.stop();
  });

  test('[F21] a socket that a killed server left is in nobody’s way', async () => {
    const killed = await startServe(folder);
    await killed.kill();
    expect((await lstat(data('gatehouse.sock'))).isSocket()).toBe(true);
    expect((await added('alone')).code).toBe(0);
    const next = await startServe(folder);
    expect(await clients()).toEqual(['alone enabled']);
    expect((await stat(data('gatehouse.sock'))).mode & 0o777).toBe(0o600);
    await next.stop();
  });

  /** A command that has the store open and waits for its password. */
  const atWork = async () => {
    const password = path.join(folder.dir, 'password');
    spawnSync('mkfifo', [password]);
    const options = ['--username', 'erin', '--name', 'Erin', '--role', 'patient', '--fhir-user', 'Patient/1'];
    const args = ['user', 'add', ...options, '--password-file', password, '--config', folder.config];
    const ended = runGatehouse(args);
    const input = await openForReader(password);
    return {
      async finish(): Promise<Ended> {
        await input.writeFile('correct horse battery\n');
        await input.close();
        return ended;
      },
    };
  };

  test('[C2] a server that starts while a command works on the file waits for it, a little', async () => {
    const command = await atWork();
    const refused = await runGatehouse(['serve', '--config', folder.config]);
    expectRefusal(refused, /a gatehouse command is still at work there/);
    const starting = startServe(folder);
    expect((await command.finish()).stdout).toBe('user erin was added\n');
    expect(await (await starting).stop()).toBe(0);
  });

  test('[F01] a server that ends while a command works: the command says so and what to do', async () => {
    const running = await startServe(folder);
    const command = await atWork();
    await running.kill();
    expectRefusal(
      await command.finish(),
      /^gatehouse: the server stopped answering at .*gatehouse\.sock .*say it again\n$/,
    );
    expect((await cli('user', 'list')).stdout).not.toMatch(/^erin/m);
  });

  test('[C2] a server of another version is told from one that fails', async () => {
    await mkdir(data(), { mode: 0o700 });
    const other = createServer((_request, response) =>
      response.writeHead(400).end(JSON.stringify({ error: 'the running server is of another version' })),
    ).listen(data('gatehouse.sock'));
    await once(other, 'listening');
    expectRefusal(await cli('client', 'list'), /the running server is of another version/);
    other.close();
  });

  test('[F01] something else in the socket’s place, and a folder too deep for a socket, stop nobody', async () => {
    await mkdir(data(), { mode: 0o700 });
    await writeFile(data('gatehouse.sock'), 'not a socket');
    expect((await added('alone')).code).toBe(0);
    const deep = path.join(folder.dir, 'd'.repeat(60), 'e'.repeat(60));
    const env = { DATA_DIR: deep };
    const running = await startServe(folder, env);
    const beside = await runGatehouse(
      ['client', 'add', '--id', 'deep', ...APP, '--config', folder.config],
      env,
    );
    expect(beside).toMatchObject({ code: 0, stdout: expect.stringMatching(/^client deep was added\n/) });
    expect((await lstat(path.join(deep, 'gatehouse.sock'))).mode & 0o777).toBe(0o600);
    await running.stop();
  });

  test('[C2] [REV-07] the demo lets commands in the same way', async () => {
    const demo = await startDemo();
    try {
      expect((await lstat(path.join(demo.dataDir, 'gatehouse.sock'))).isSocket()).toBe(true);
      await rename(path.join(demo.dataDir, 'gatehouse.sqlite'), path.join(demo.dataDir, 'elsewhere'));
      expect((await demo.cli('user', 'list')).stdout).toMatch(/^amy /m);
    } finally {
      await demo.stop();
    }
  });
});

/** Opens a pipe as soon as somebody is there to read from it. */
async function openForReader(fifo: string): Promise<FileHandle> {
  for (;;) {
    const handle = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
    if (handle) return handle;
    await delay(20);
  }
}
