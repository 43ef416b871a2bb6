import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { demoOn, expectRefusal } from '../support/demo-suite.ts';
import { DRIVERS } from '../support/gatehouse.ts';

describe.each(DRIVERS)('records on the command line while the demo runs, on %s', (driver) => {
  const suite = demoOn(driver);
  const inDemo = (name: string): string => path.join(suite.demo.dataDir, name);
  let archived = '';

  beforeAll(async () => {
    await suite.launch();
    const rows = await suite.cli('grant', 'list', '--user', 'amy');
    const id = rows.trim().split('\n').at(-1)?.split(' ')[0] ?? '';
    await suite.cli('grant', 'revoke', '--user', 'amy', `--id=${id}`);
    await suite.launch();
    const files = await readdir(inDemo('records'), { recursive: true });
    archived = inDemo(`records/${files.find((name) => /\d.jsonl$/.test(name)) ?? ''}`);
  });

  test('[CONS-16] [SEC-9] what a person decided is listed, and what an operator stopped', async () => {
    const [heading = '', ...rows] = (await suite.cli('consent', 'list', '--user', 'amy')).trim().split('\n');
    expect(heading).toMatch(/^WHEN +WHAT +CLIENT +PATIENT +UNTIL +REFERENCE +SCOPE$/);
    expect(rows.map((row) => row.split(/\s+/)[1])).toEqual(['granted', 'stopped', 'granted']);
    expect(rows[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d +granted +my-health +Amy Louise Shaw /);
    expect(rows[1]?.split(/\s{2,}/)[5]).toBe(rows[2]?.split(/\s{2,}/)[5]);
  });

  test('[SEC-10] an export and an archive file verify, with the keys of the data directory or others', async () => {
    const out = inDemo('export.json');
    expect(await suite.cli('consent', 'export', '--user', 'amy', '--out', out)).toBe(
      `3 record(s) are in ${out}\n`,
    );
    const printed = await suite.cli('consent', 'export', '--user', 'amy');
    expect(JSON.parse(printed)).toMatchObject({ resourceType: 'Bundle', type: 'collection' });
    expect(await suite.cli('consent', 'verify', out)).toMatch(/(^Consent\/.*: valid\n){3}all 3 record/m);
    expect(await suite.cli('consent', 'verify', archived)).toContain('all 3 record(s) are valid');
    const both = await suite.cli('consent', 'verify', out, archived);
    expect(both).toContain(`${archived}\nline `);
    expect(both).toContain('all 6 record(s) are valid');
    const jwks = inDemo('jwks.json');
    const answer = await fetch(`${suite.demo.issuer}/.well-known/provenance-jwks.json`);
    await writeFile(jwks, await answer.text());
    expect(await suite.cli('consent', 'verify', out, '--keys', jwks)).toContain('all 3');
    expectRefusal(await suite.demo.cli('consent', 'export', '--user', 'amy', '--out', out), /EEXIST|exists/);
  });

  test('[SEC-10] after the keys were rotated the old records verify, and so do the new ones', async () => {
    const rotated = await suite.cli('keys', 'rotate', '--records', '--now');
    expect(rotated).toMatch(/ES256 +retired/);
    expect(rotated).not.toContain('RS256');
    await suite.launch();
    expect(await suite.cli('consent', 'verify', archived)).toContain('all 4 record(s) are valid');
    const keys = (await readFile(inDemo('records/keys.jsonl'), 'utf8')).trim().split(/\n+/);
    expect(keys).toHaveLength(2);
  });

  test('[SEC-10] it says which is not valid, and why, and fails', async () => {
    const lines = (await readFile(archived, 'utf8')).split('\n').filter(Boolean);
    const edited = inDemo('edited.jsonl');
    const [one = '', two = '', three = '', ...rest] = lines;
    const spoilt = [
      one.replace('"CREATE"', '"UPDATE"'),
      two.replace('inactive', 'active'),
      three.slice(0, 99),
    ];
    await writeFile(edited, [...spoilt, ...rest].join('\n'));
    const { code, stdout, stderr } = await suite.demo.cli('consent', 'verify', edited);
    expect(code).toBe(1);
    expect(stderr).toContain('3 of 4 record(s) are not valid');
    const said = stdout.trim().split('\n');
    expect(said).toEqual([
      expect.stringMatching(/^line 1, .*: NOT VALID, the Provenance was edited$/),
      expect.stringMatching(/^line 2, .*: NOT VALID, the Consent was edited$/),
      expect.stringMatching(/^line 3: NOT VALID, it is not whole/),
      expect.stringMatching(/^line 4, .*: valid$/),
    ]);
    const none = inDemo('none.json');
    await writeFile(none, '{"keys":[{"kid":"x","kty":"EC"}]}');
    const unknown = await suite.demo.cli('consent', 'verify', archived, '--keys', none);
    expect([unknown.code, unknown.stdout]).toEqual([
      1,
      expect.stringContaining('the key that signed it is not'),
    ]);
  });

  test('mistakes get one line', async () => {
    expectRefusal(await suite.demo.cli('consent', 'list', '--user', 'nobody'), /there is no user nobody/);
    expectRefusal(await suite.demo.cli('consent', 'verify', inDemo('not-there')), /ENOENT/);
    await writeFile(inDemo('empty'), '');
    expectRefusal(await suite.demo.cli('consent', 'verify', inDemo('empty')), /there are no records in/);
  });
});
