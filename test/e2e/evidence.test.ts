import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { compactVerify, createLocalJWKSet } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { demoOn, expectRefusal } from '../support/demo-suite.ts';

const REPORT = 'dist/tests.json';

describe('what an auditor asks for', () => {
  const suite = demoOn('embedded');
  let folder: string;
  let builtBefore: string | undefined;
  const out = (name: string): string => path.join(folder, name);
  const all = async (name: string): Promise<string[]> =>
    (await readdir(out(name), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(out(name), path.join(entry.parentPath, entry.name)))
      .toSorted();
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-evidence-'));
    expect(spawnSync(process.execPath, ['tools/sbom.mjs'], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    // As a build leaves it that came after the tests.
    builtBefore = await readFile(REPORT, 'utf8').catch(() => undefined);
    const rows = { A001: [{ file: 'x.test.ts', title: 'x', status: 'passed' }] };
    await writeFile(REPORT, JSON.stringify({ commit: 'c', passed: 1, failed: 0, rows }));
    expect(await suite.cli('evidence', '--out', out('first'))).toMatch(
      /^15 files in .*, signed with [\w-]+; posture: fail\n$/,
    );
  }, 120_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    if (builtBefore === undefined) await rm(REPORT, { force: true });
    else await writeFile(REPORT, builtBefore);
  });

  test('[SEC-1] is in one folder, with a manifest and a signature, and nothing in it is a secret', async () => {
    expect(await all('first')).toEqual([
      ...['audit-heads.json', 'compliance.md', 'controls.json', 'keys.json', 'manifest.json'],
      ...['manifest.jws', 'posture.json'],
      ...['requirements.md', 'retention.json', 'risk/categorization.md', 'risk/data-and-keys.md'],
      ...['risk/register.md', 'sbom.cdx.json', 'settings.json', 'tests.json'],
    ]);
    const bill = JSON.parse(await readFile(out('first/sbom.cdx.json'), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX' });
    expect(bill.metadata.component).toMatchObject({ name: 'gatehouse', version: expect.any(String) });
    const names = bill.components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['oidc-provider', 'jose', 'ioredis']));
    expect(names).not.toContain('jest');
    const text = await Promise.all(
      (await all('first')).map((name) => readFile(out(`first/${name}`), 'utf8')),
    );
    const secrets = JSON.parse(await readFile(path.join(suite.demo.dataDir, 'demo-secrets.json'), 'utf8'));
    const kept = Object.values(secrets).filter((secret) => typeof secret === 'string');
    expect(kept.length).toBeGreaterThan(2);
    for (const secret of kept) expect(text.join('\n')).not.toContain(secret);
  });

  test('[SEC-1] is the same to the byte for one version and one configuration, but for what was looked at', async () => {
    await suite.cli('evidence', '--out', out('second'));
    const [first, second] = await Promise.all(
      ['first', 'second'].map(async (name) =>
        JSON.parse(await readFile(out(`${name}/manifest.json`), 'utf8')),
      ),
    );
    const fixed = ({ files }: { files: { fixed: boolean }[] }) => files.filter((file) => file.fixed);
    expect(fixed(first)).toEqual(fixed(second));
    expect(fixed(first)).toHaveLength(9);
  });

  test('[SEC-1] is checked against the keys beside the audit log; a changed file is named', async () => {
    expect(await suite.cli('evidence', '--verify', out('first'))).toMatch(/^13 files as they were at /);
    await writeFile(out('first/pentest.md'), 'nothing was found');
    expectRefusal(
      await suite.demo.cli('evidence', '--verify', out('first')),
      /is not as it was made: pentest\.md was put in/,
    );
    await rm(out('first/pentest.md'));
    await writeFile(out('first/risk/register.md'), 'all is well');
    expectRefusal(
      await suite.demo.cli('evidence', '--verify', out('first')),
      /is not as it was made: risk\/register\.md was changed/,
    );
    expectRefusal(await suite.demo.cli('evidence', '--out', out('second')), /could not be made: EEXIST/);
  });

  test('[SEC-1] says which version and commit it is about, and control by control what there is', async () => {
    await suite.cli('evidence', '--out', out('third'));
    const read = async (name: string) => JSON.parse(await readFile(out(`third/${name}`), 'utf8'));
    const commit = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
    expect((await read('manifest.json')).product).toEqual({
      ...{ name: 'gatehouse', version: expect.stringMatching(/^\d/), commit },
    });
    const controls = await read('controls.json');
    expect(controls['AU-9']).toEqual({
      requirements: expect.arrayContaining([expect.stringContaining('nobody changes them unseen')]),
      checks: expect.arrayContaining([
        expect.objectContaining({ id: 'audit.log', grade: 'pass', finding: expect.any(String) }),
      ]),
    });
    expect(Object.keys(controls).length).toBeGreaterThan(40);
    const { keys } = await read('keys.json');
    expect(keys.every((key: object) => !('d' in key))).toBe(true);
  });

  test('[SEC-1] a stranger checks it with the public key and any JOSE library', async () => {
    await suite.cli('evidence', '--out', out('fourth'));
    const { keys } = JSON.parse(await readFile(out('fourth/keys.json'), 'utf8'));
    const jws = (await readFile(out('fourth/manifest.jws'), 'utf8')).trim();
    const { payload } = await compactVerify(jws, createLocalJWKSet({ keys }));
    const manifest = await readFile(out('fourth/manifest.json'));
    expect(Buffer.from(payload).equals(manifest)).toBe(true);
    for (const { name, sha256 } of JSON.parse(manifest.toString()).files) {
      const content = await readFile(out(`fourth/${name}`));
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
  });

  test('[SEC-1] posture: text for people, JSON for programs, and 1 where something weakens it', async () => {
    const text = await suite.demo.cli('posture');
    expect([text.code, text.stdout]).toEqual([1, expect.stringMatching(/^FAIL {2}transport\.issuer: http:/)]);
    const json = await suite.demo.cli('posture', '--format', 'json');
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      1,
      expect.objectContaining({ status: 'fail', timeSource: 'system' }),
    ]);
  });
});
