import { afterEach, describe, expect, test } from '@jest/globals';

import { expectRefusal } from '../support/demo-suite.ts';
import { freePort } from '../support/ports.ts';
import { runGatehouse } from '../support/process.ts';
import { STORE_SECRET, serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

describe('an embedded store is for one server', () => {
  let folder: ServeFolder | undefined;
  afterEach(() => folder?.remove());

  test('[C2.7] a second server on the same folder is refused; after the first was killed it starts', async () => {
    const first = await serveFolder();
    folder = first;
    const running = await startServe(first);
    const [port, managementPort] = await Promise.all([freePort(), freePort()]);
    const env = { PORT: String(port), MANAGEMENT_PORT: String(managementPort) };
    const refused = await runGatehouse(['serve', '--config', first.config], env);
    expectRefusal(refused, /cannot use .*\/data: another server is using it; .*need the redis driver/);
    // The command line tool works beside it.
    const listed = await runGatehouse(['client', 'list', '--config', first.config]);
    expect(listed.code).toBe(0);
    await running.kill();
    const next = await startServe(first);
    expect(await next.stop()).toBe(0);
  });

  test('[C2.7] store status and adopt say which store it is, and adopt wants to be told twice', async () => {
    const one = await serveFolder();
    folder = one;
    const running = await startServe(one);
    const status = async (): Promise<string> =>
      (await runGatehouse(['store', 'status', '--config', one.config])).stdout;
    const before = await status();
    expect(before).toMatch(/^embedded at .*gatehouse\.sqlite\nepoch [0-9a-f]{24}, since \d{4}-/);
    expectRefusal(await runGatehouse(['store', 'adopt', '--config', one.config]), /say it again with --yes/);
    expect(await status()).toBe(before);
    const adopted = await runGatehouse(['store', 'adopt', '--yes', '--config', one.config]);
    expect(adopted.stdout).toMatch(/is [0-9a-f]{24} now; running servers follow within a second/);
    expect(await status()).not.toBe(before);
    await running.stop();
  });

  test('[SEC-11] the store secret is changed with the command line, and the old one does not start a server any more', async () => {
    const one = await serveFolder();
    folder = one;
    const old = { STORE_SECRET: STORE_SECRET, STORE_SECRET_PREVIOUS: '' };
    const both = {
      STORE_SECRET: 'another-store-secret-0123456789-abcdefgh',
      STORE_SECRET_PREVIOUS: STORE_SECRET,
    };
    const next = { ...both, STORE_SECRET_PREVIOUS: '' };
    const run = (command: readonly string[], env: Record<string, string>) =>
      runGatehouse([...command, '--config', one.config], env);
    const status = async (env: Record<string, string>): Promise<string> =>
      (await run(['store', 'status'], env)).stdout;
    const running = await startServe(one);
    await running.stop();
    const before = await status(old);
    expect(before).toMatch(/^epoch [0-9a-f]{24}/m);
    expect(await status(both)).toBe(before);
    expect((await run(['store', 'rewrap'], next)).stdout).toMatch(/opens under the configured secrets only/);
    expect(await status(next)).toBe(before);
    expectRefusal(await run(['serve'], old), /gatehouse\.sqlite is sealed under another secret/);
    const rotated = await run(['store', 'rotate-key'], next);
    expect(rotated.stdout).toMatch(/has a new data key, \d+; in 15 seconds every server seals under it/);
    expect(rotated.stderr).toMatch(/"type":"store.keys-rotated"/);
  });
});
