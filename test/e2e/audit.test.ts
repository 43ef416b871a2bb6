import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cp, mkdtemp, readFile, readdir, rm, writeFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { problemsOf } from '../support/balp-validator.ts';
import { authorize, redeem } from '../support/flow.ts';
import { runGatehouse, type Ended } from '../support/process.ts';
import {
  SERVED_CLIENTS,
  addAmy,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../support/serve.ts';

describe('the audit log of a server', () => {
  let folder: ServeFolder;
  let server: Serve;
  beforeAll(async () => {
    folder = await serveFolder((yaml) => yaml + SERVED_CLIENTS);
    await addAmy(folder);
    server = await startServe(folder);
  });
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  const audit = (...args: string[]): Promise<Ended> =>
    runGatehouse(['audit', ...args, '--config', folder.config]);
  const launch = async () => redeem(folder.issuer, await authorize(folder.issuer));
  const logAt = (dir: string): string => path.join(dir, 'data', 'audit');
  /** Files of chains, the oldest first. */
  const chainsIn = async (log: string): Promise<string[]> => {
    const years = (await readdir(log)).filter((name) => /^\d{4}$/.test(name));
    const files = await Promise.all(
      years.map(async (year) =>
        (await readdir(path.join(log, year))).map((name) => path.join(log, year, name)),
      ),
    );
    return files.flat().toSorted();
  };
  /** Verifies a copy of the log that somebody has been at. */
  const afterwards = async (change: (log: string) => Promise<void>, ...args: string[]): Promise<Ended> => {
    const copy = await mkdtemp(path.join(tmpdir(), 'gatehouse-audit-'));
    try {
      await cp(logAt(folder.dir), path.join(copy, 'audit'), { recursive: true });
      await change(path.join(copy, 'audit'));
      return await runGatehouse(['audit', 'verify', ...args, '--config', folder.config], { DATA_DIR: copy });
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  };
  const edited = async (log: string, change: (lines: string[]) => string[]): Promise<void> => {
    const [, file = ''] = await chainsIn(log);
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    await writeFile(file, `${change(lines).join('\n')}\n`);
  };

  test('[USC-17] [SEC-4] what was done is there, and verifies while the server runs', async () => {
    const { body } = await launch();
    expect(body.access_token).toBeTruthy();
    const verified = await audit('verify');
    expect(verified.stderr).toBe('');
    expect(verified.stdout).toMatch(/\n\d+ record\(s\) in 2 chain\(s\), none of them changed/);
    expect(verified.stdout).toMatch(/\nsigned with \S+, from the keys beside the log: compare them/);
    const exported = (await audit('export')).stdout.trim().split('\n');
    const types = exported.map((line) => (JSON.parse(line) as { type: string }).type);
    for (const type of ['account.changed', 'server.start', 'sign-in', 'consent', 'token.issued'])
      expect(types).toContain(type);
    expect(exported.join()).not.toContain(body.access_token);
  });

  test('[SEC-4] a server that is killed leaves what it answered for, and the next one goes on', async () => {
    const { body } = await launch();
    await server.kill();
    const torn = await audit('verify');
    expect(torn.code).toBe(0);
    expect(torn.stdout).toContain('not ended: it goes on, or its process was killed');
    const issued = (await audit('export')).stdout
      .split('\n')
      .filter((line) => line.includes('"token.issued"'));
    expect(issued.length).toBeGreaterThanOrEqual(2);
    expect(body.access_token).toBeTruthy();
    server = await startServe(folder);
    await launch();
    expect((await audit('verify')).code).toBe(0);
  });

  test('[SEC-4] [A198] an edited record is named, and the exit code says so', async () => {
    const found = await afterwards((log) =>
      edited(log, (lines) => lines.with(2, lines[2]!.replace('"outcome":"', '"outcome":"not '))),
    );
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/: NOT VALID, line 3 was edited\n/);
    expect(found.stderr).toMatch(/1 of \d+ chain\(s\) are not as they were written/);
  });

  test('[SEC-4] [A198] a record that was cut out, or swapped with the next, is named', async () => {
    const cut = await afterwards((log) => edited(log, (lines) => lines.toSpliced(2, 1)));
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringContaining('line 3 is missing')]);
    const swapped = await afterwards((log) =>
      edited(log, (lines) => lines.toSpliced(2, 2, lines[3]!, lines[2]!)),
    );
    expect([swapped.code, swapped.stdout]).toEqual([
      1,
      expect.stringContaining('line 3 is in another place'),
    ]);
  });

  test('[SEC-4] [A198] a whole chain that is gone, or cut short, shows by the next one', async () => {
    const gone = await afterwards(async (log) => rm((await chainsIn(log))[1]!));
    expect([gone.code, gone.stdout]).toEqual([
      1,
      expect.stringContaining('line 1 and all that follows is gone'),
    ]);
    const short = await afterwards((log) => edited(log, (lines) => lines.slice(0, 3)));
    expect([short.code, short.stdout]).toEqual([
      1,
      expect.stringContaining('line 4 and what follows was cut off'),
    ]);
  });

  test('[SEC-4] nothing is given or read out by a command while the audit log cannot be written', async () => {
    const log = logAt(folder.dir);
    const [year = ''] = (await readdir(log)).filter((name) => /^\d{4}$/.test(name));
    // In the place of the folder for the chain that would begin now: also root cannot write there.
    await rename(path.join(log, year), path.join(log, 'aside'));
    await writeFile(path.join(log, year), '');
    const person = ['--username', 'eve', '--name', 'Eve', '--role', 'patient', '--fhir-user', 'Patient/p2'];
    const user = (...args: string[]) => runGatehouse(['user', ...args, '--config', folder.config]);
    try {
      for (const ended of [await user('add', ...person), await audit('export')]) {
        expect([ended.code, ended.stdout]).toEqual([1, '']);
        expect(ended.stderr).toContain('nothing was done: the audit log cannot be written');
      }
      expect((await user('list')).stdout).not.toContain('eve');
      // What takes something back does not wait for its record.
      expect((await user('disable', 'amy')).stdout).toContain('user amy is disabled');
    } finally {
      await rm(path.join(log, year));
      await rename(path.join(log, 'aside'), path.join(log, year));
      await user('enable', 'amy');
    }
    const changed = (await audit('export')).stdout
      .split('\n')
      .filter((line) => line.includes('"account.changed"'));
    expect(JSON.parse(changed.at(-1)!)).toMatchObject({
      change: 'enabled',
      operator: expect.stringMatching(/./),
    });
  });

  test('[SEC-4] the newest is held by heads that were kept elsewhere', async () => {
    const heads = await folder.write('heads', (await audit('heads')).stdout);
    expect((await audit('verify', '--anchor', heads)).code).toBe(0);
    const last = async (log: string): Promise<string> => (await chainsIn(log)).at(-1)!;
    const without = async (log: string): Promise<void> => rm(await last(log));
    expect((await afterwards(without)).code).toBe(0);
    expect((await afterwards(without, '--anchor', heads)).code).toBe(1);
    const events = await folder.write('events', (await audit('export', '--format', 'fhir-ndjson')).stdout);
    expect((await audit('verify', '--anchor', events)).code).toBe(0);
    // The last chain is that of the export itself; what was there before it is in what it wrote.
    const withoutTwo = async (log: string): Promise<void> => {
      for (const file of (await chainsIn(log)).slice(-2)) await rm(file);
    };
    expect((await afterwards(withoutTwo)).code).toBe(0);
    expect((await afterwards(withoutTwo, '--anchor', events)).code).toBe(1);
    const wrong = await audit('verify', '--anchor', await folder.write('wrong', 'x\n'));
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('wrong:1: is no head')]);
  });

  test('[SEC-3] [SEC-4] what apps could see of a patient, in a range; as AuditEvents; and that somebody looked', async () => {
    const report = await audit('report', '--patient', 'p1', '--from', '2020-01-01');
    expect(report.stdout).toMatch(/^WHEN \(UTC\) +WHAT/);
    expect(report.stdout).toMatch(/consent +success +asked +public-app +Public App +\S+ +Amy Shaw +main/);
    expect(report.stdout).toMatch(/token\.issued +success +authorization_code/);
    expect((await audit('report', '--patient', 'p1', '--fhir-server', 'main')).stdout).toContain(
      'token.issued',
    );
    const elsewhere = await audit('report', '--patient', 'p1', '--fhir-server', 'other');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringContaining('there is main')]);
    const csv = (await audit('report', '--patient', 'p1', '--format', 'csv')).stdout;
    expect(csv).toMatch(/^"WHEN \(UTC\)","WHAT",.*\r\n"20/);
    const rows = JSON.parse(
      (await audit('report', '--patient', 'p1', '--format', 'json')).stdout,
    ) as object[];
    expect(rows[0]).toMatchObject({ client: 'public-app', person: 'Amy Shaw', fhirServer: 'main' });
    expect((await audit('report', '--patient', 'p2')).stdout.trim().split('\n')).toHaveLength(1);
    expect(
      (await audit('report', '--patient', 'p1', '--to', '2020-01-01')).stdout.trim().split('\n'),
    ).toHaveLength(1);
    const read = (await audit('export')).stdout.split('\n').filter((line) => line.includes('"audit.read"'));
    expect(JSON.parse(read[0]!)).toMatchObject({ what: 'export', operator: expect.any(String) });
    expect(read.some((line) => line.includes('"patient":"p1"'))).toBe(true);
    const bundle = JSON.parse((await audit('export', '--format', 'bundle')).stdout) as {
      entry: { fullUrl: string; resource: Record<string, unknown> }[];
    };
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' });
    expect(bundle.entry.flatMap(({ resource }) => problemsOf(resource))).toEqual([]);
    const events = (await audit('export', '--format', 'fhir-ndjson')).stdout.trim().split('\n');
    expect(events.slice(0, bundle.entry.length)).toEqual(
      bundle.entry.map(({ resource }) => JSON.stringify(resource)),
    );
    const wrong = await audit('export', '--from', 'yesterday');
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('--from: write it as 2026-11-26'),
    ]);
  });
});
