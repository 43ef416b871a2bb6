import { expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { COOKIE_KEY, STORE_SECRET } from '../support/serve.ts';
import { runGatehouse } from '../support/process.ts';

const CONFIG = (dir: string): string => `issuer: https://auth.example.org
secrets: { store: ${STORE_SECRET}, cookies: [${COOKIE_KEY}] }
store: { dataDir: ${dir} }
fhirServers: [{ id: main, url: 'https://ehr.example.org/fhir' }]
signIn:
  providers:
    - { id: hospital, name: Hospital, issuer: 'https://login.example.org', clientId: g, clientSecret: s }
`;

test('gatehouse user link: to one account, and back', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-link-'));
  const file = path.join(dir, 'config.yaml');
  await writeFile(file, CONFIG(dir));
  const user = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await runGatehouse(['user', ...args, '--config', file]);
    return `${stdout}${stderr}`;
  };
  const link = (name: string, ...more: string[]): Promise<string> =>
    user('link', name, '--provider', 'hospital', '--sub', '8c2f', ...more);
  try {
    for (const name of ['dana', 'erik'])
      await user('add', '--username', name, '--name', name, '--role', 'practitioner');
    expect(await link('nobody')).toContain('there is no user nobody');
    expect(await link('dana', '--provider', 'else')).toContain('there is no provider else');
    const linked = await link('dana');
    expect(linked).toContain('user dana is linked: 8c2f at hospital');
    expect(linked).toMatch(/"type":"account.changed".*"change":"linked"/);
    expect(await link('erik')).toContain('8c2f at hospital is linked already, to dana');
    expect(await link('erik', '--remove')).toContain('8c2f at hospital is not linked to erik');
    expect(await link('dana', '--remove')).toContain('user dana is unlinked');
    expect(await link('erik')).toContain('user erik is linked');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 60_000);
