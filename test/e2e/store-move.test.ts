import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { until } from '../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../support/clients.ts';
import { expectRefusal } from '../support/demo-suite.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../support/flow.ts';
import { PASSWORD } from '../support/gatehouse.ts';
import { runGatehouse, type Ended } from '../support/process.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { COOKIE_KEY, STORE_SECRET, serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

type Driver = 'embedded' | 'redis';

describe('a store that is moved, and one that is brought back', () => {
  let folder: ServeFolder;
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis({ appendOnly: true });
    const clients = `clients: ${JSON.stringify([PUBLIC_APP, RESOURCE_SERVER])}\n`;
    folder = await serveFolder((yaml) => yaml + clients);
    const yaml = await readFile(folder.config, 'utf8');
    await folder.write('redis.yaml', yaml.replace(/dataDir: .*/, `driver: redis\n  redisUrl: ${redis.url}`));
  });
  afterEach(async () => {
    await folder.remove();
    await redis.stop();
  });

  const configOf = (driver: Driver): string =>
    driver === 'redis' ? path.join(folder.dir, 'redis.yaml') : folder.config;
  const serve = (driver: Driver) => startServe({ ...folder, config: configOf(driver) });
  const cli = (driver: Driver, ...args: string[]): Promise<Ended> =>
    runGatehouse([...args, '--config', configOf(driver)]);
  const done = async (driver: Driver, ...args: string[]): Promise<string> => {
    const ended = await cli(driver, ...args);
    expect({ args, ...ended }).toMatchObject({ code: 0 });
    return ended.stdout;
  };
  const addAmy = async (driver: Driver): Promise<void> => {
    const password = await folder.write('password', PASSWORD);
    const amy = ['--username', 'amy', '--name', 'Amy Shaw', '--role', 'patient', '--fhir-user', 'Patient/p1'];
    await done(driver, 'user', 'add', ...amy, '--password-file', password);
  };
  const signIn = async (): Promise<TokenAnswer['body']> => {
    const { status, body } = await redeem(folder.issuer, await authorize(folder.issuer));
    expect(status).toBe(200);
    return body;
  };
  const isActive = async (token: string): Promise<unknown> => {
    const caller = basic('fhir-server', RS_SECRET);
    const { status, body } = await postForm(`${folder.issuer}/introspect`, { token }, caller);
    return status === 200 ? body['active'] : status;
  };
  /** Ends a grant as an operator does, by the one of its patient that is listed first or last. */
  const revokeGrantOf = async (driver: Driver, token: string): Promise<void> => {
    const rows = (await done(driver, 'grant', 'list', '--user', 'amy')).trim().split('\n').slice(1);
    for (const row of rows) {
      const [id = ''] = row.split(' ');
      await done(driver, 'grant', 'revoke', '--user', 'amy', `--id=${id}`);
      if (!(await isActive(token))) return;
    }
    throw new Error('no grant of the token');
  };
  const refusal = async (answer: Promise<TokenAnswer>): Promise<unknown> => {
    const { status, body } = await answer;
    return `${status} ${body.error ?? ''}`;
  };
  const there = (driver: Driver): Driver => (driver === 'redis' ? 'embedded' : 'redis');

  test.each<[Driver]>([['embedded'], ['redis']])(
    '[C2.3] [C2.7] from %s to the other: what lived lives on, what was revoked stays revoked, and the old place is shut',
    async (from) => {
      const to = there(from);
      const file = path.join(folder.dir, 'moved.ndjson');
      await addAmy(from);
      const source = await serve(from);
      const revoked = await signIn();
      await revokeGrantOf(from, revoked.access_token);
      const living = await signIn();
      const jwks = await (await fetch(`${folder.issuer}/jwks`)).text();

      const exported = await done(from, 'store', 'export', '--out', file, '--final');
      expect(exported).toMatch(
        /^\d+ rows are in .*moved\.ndjson: import it within a day: gatehouse store import/,
      );
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await isActive(living.access_token)).toBe(503);
      expect(await (await fetch(`${source.management}/health/ready`)).text()).toMatch(/was moved away/);
      const moved = 'was moved away; work with the one it was moved to';
      await until(() => source.said.stdout.includes(moved), 'the log says so');
      await source.stop();
      expectRefusal(await runGatehouse(['serve', '--config', configOf(from)]), /was moved away/);
      expect(await done(from, 'store', 'status')).toMatch(/^closed: it was moved away$/m);
      const text = await readFile(file, 'utf8');
      const secrets = [living, revoked].flatMap((body) => [body.access_token, body.refresh_token]);
      for (const secret of [...secrets, PASSWORD, STORE_SECRET, COOKIE_KEY, RS_SECRET, '"amy"', 'Amy Shaw'])
        expect(text.includes(secret) || text.includes(Buffer.from(secret).toString('base64'))).toBe(false);

      const imported = await done(to, 'store', 'import', '--in', file);
      expect(imported).toMatch(/^\d+ rows were written to the store at \S+, which is [0-9a-f]{24} now\n$/);
      const target = await serve(to);
      expect([await isActive(living.access_token), await isActive(revoked.access_token)]).toEqual([
        true,
        false,
      ]);
      const renewed = await refresh(folder.issuer, living.refresh_token);
      expect(renewed.status).toBe(200);
      expect(await isActive(renewed.body.access_token)).toBe(true);
      expect(await refusal(refresh(folder.issuer, revoked.refresh_token))).toBe('400 invalid_grant');
      expect(await (await fetch(`${folder.issuer}/jwks`)).text()).toBe(jwks);
      await signIn();
      await revokeGrantOf(to, renewed.body.access_token);
      expect(await refusal(refresh(folder.issuer, renewed.body.refresh_token))).toBe('400 invalid_grant');
      await target.stop();

      expectRefusal(
        await cli(from, 'store', 'adopt'),
        /this store was moved away; .* say it again with --yes/,
      );
      await done(from, 'store', 'adopt', '--yes');
      expect(await done(from, 'store', 'status')).not.toMatch(/closed/);
    },
    60_000,
  );

  test('[C2.3] a backup in an empty store: people sign in again, and no token from before is good', async () => {
    const file = path.join(folder.dir, 'backup.ndjson');
    await addAmy('embedded');
    const source = await serve('embedded');
    const [one, two] = [await signIn(), await signIn()];
    expect(await done('embedded', 'store', 'export', '--out', file)).toMatch(
      /: a backup; it is of no use without/,
    );
    expect(await isActive(one.access_token)).toBe(true);
    await revokeGrantOf('embedded', one.access_token);
    await source.stop();
    await rm(path.join(folder.dir, 'data'), { recursive: true });

    const imported = await done('embedded', 'store', 'import', '--in', file);
    expect(imported).toMatch(
      /^\d+ rows were left out: a backup brings back no grants, tokens and sessions$/m,
    );
    expect(imported).toMatch(/^people sign in and apps are allowed anew; /m);
    const restored = await serve('embedded');
    for (const { access_token: access, refresh_token: again } of [one, two]) {
      expect(await isActive(access)).toBe(false);
      expect(await refusal(refresh(folder.issuer, again))).toBe('400 invalid_grant');
    }
    expect(await isActive((await signIn()).access_token)).toBe(true);
    // Into the same store again, while it runs: what is there stays, and the server goes on by itself.
    expectRefusal(await cli('embedded', 'store', 'import', '--in', file), /is in use: .*--into-used/);
    const merged = await done('embedded', 'store', 'import', '--in', file, '--into-used');
    expect(merged).toMatch(/^\d+ rows were there already, or have expired$/m);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(await isActive((await signIn()).access_token)).toBe(true);
    await restored.stop();
  }, 60_000);

  test('[SEC-11] mistakes get one line', async () => {
    const file = path.join(folder.dir, 'backup.ndjson');
    expectRefusal(
      await cli('embedded', 'store', 'import', '--in', file),
      /^gatehouse: cannot read .*ENOENT[^\n]*\n$/,
    );
    await addAmy('embedded');
    await done('embedded', 'store', 'export', '--out', file);
    const cut = await folder.write('cut.ndjson', (await readFile(file, 'utf8')).slice(0, -20));
    expectRefusal(await cli('redis', 'store', 'import', '--in', cut), /^gatehouse: .* is cut off[^\n]*\n$/);
    const other = ['store', 'import', '--in', file, '--config', configOf('redis')];
    expectRefusal(
      await runGatehouse(other, { STORE_SECRET: 'another-store-secret-0123456789-abcdef' }),
      /^gatehouse: .* was made under another store secret[^\n]*\n$/,
    );
    expect(await redis.tell('DBSIZE')).toBe(':0');
    expectRefusal(
      await cli('embedded', 'store', 'export', '--out', '/dev/null/x'),
      /^gatehouse: cannot write [^\n]*\n$/,
    );
  });
});
