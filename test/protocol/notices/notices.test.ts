import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { createReminders, type ReminderParts } from '../../../src/notices/index.ts';
import { createLanguages, filesOf } from '../../../src/language/index.ts';
import { createAccountStore, createFirst } from '../../../src/store/index.ts';
import type { GrantSummary } from '../../../src/consent/index.ts';
import type { Mail } from '../../../src/identity/index.ts';
import { PUBLIC_APP, SECRET_APP } from '../../support/clients.ts';
import { authorize } from '../../support/flow.ts';
import {
  DRIVERS,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { startSmtp, type SmtpReceiver } from '../../support/smtp.ts';

const AMY = 'amy@riverside.example';
const DAY = 86_400;
const NOW = 1_800_000_000;

/** What a mail program shows of it. */
const plain = (raw: string): string =>
  Buffer.from(
    raw
      .replaceAll(/=\r?\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

describe.each(DRIVERS)('mail about apps, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let smtp: SmtpReceiver;
  beforeAll(async () => {
    [store, smtp] = await Promise.all([testStore(driver), startSmtp()]);
    const mail = {
      host: 'localhost',
      port: smtp.port,
      security: 'none',
      from: 'Riverside <gate@riverside.example>',
    } as const;
    const remembers = { ...SECRET_APP, client_id: 'remembers', consent: 'remember' as const };
    const changes = { ...SECRET_APP, client_id: 'changes', scope: `${SECRET_APP.scope} patient/Goal.cu` };
    const clients = [PUBLIC_APP, remembers, changes];
    server = await startGatehouse(store, { clients, name: 'Riverside', mail });
    const accounts = createAccountStore(server.vault);
    const amy = await accounts.findByUsername('amy');
    await accounts.save({ ...amy!, email: AMY, emailVerified: true });
    const ben = await accounts.findByUsername('ben');
    await accounts.save({ ...ben!, email: 'ben@riverside.example' });
  });
  afterAll(async () => {
    await server.close();
    await smtp.close();
    await store.dispose();
  });
  beforeEach(() => {
    smtp.received.length = 0;
  });
  const LASTING = 'launch/patient offline_access patient/Patient.rs';
  const arrived = async (many: number) => {
    for (let tries = 0; tries < 100 && smtp.received.length < many; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return smtp.received;
  };

  test('[CONS-15] who allows an app that may come back is told so, in their language, with where to stop it', async () => {
    await authorize(server.issuer, { scope: LASTING, params: { ui_locales: 'es' }, duration: '30-days' });
    const [mail, ...more] = await arrived(1);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ to: [AMY] });
    const text = plain(mail?.text ?? '');
    expect(text).toContain('Usted dejó que Public App use datos de salud de Riverside');
    expect(text).toMatch(/Se acaba el \d+ de \p{L}+ de \d{4}\./u);
    expect(text).toContain('Puede ver sus propios datos.');
    expect(text).not.toContain('cambios en');
    expect(text).toContain(`${server.issuer}/apps`);
    // Which app somebody uses is their own business: no record, no patient, no scope in it.
    expect(text).not.toMatch(/Amy|patient\/|Patient|p1/);
  });

  test('[CONS-15] where it may change records, the mail says so', async () => {
    await authorize(server.issuer, { scope: `${LASTING} patient/Goal.cu`, clientId: 'changes' });
    const [mail] = await arrived(1);
    expect(plain(mail?.text ?? '')).toContain('It can see your own records. It can also make changes there.');
  });

  test('nobody is written to for what they decided before and were not asked about', async () => {
    for (let launch = 0; launch < 3; launch += 1)
      await authorize(server.issuer, { scope: LASTING, clientId: 'remembers' });
    await arrived(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(smtp.received).toHaveLength(1);
  });

  test('nobody is written to for access that ends by itself, nor at an address that may be somebody else’s', async () => {
    await authorize(server.issuer, { scope: 'launch/patient patient/Patient.rs' });
    await authorize(server.issuer, { scope: LASTING, username: 'ben' });
    await authorize(server.issuer, { scope: LASTING });
    expect((await arrived(1)).map(({ to }) => to)).toEqual([[AMY]]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(smtp.received).toHaveLength(1);
  });

  test('[CONS-15] once a year, one mail about all apps, from one node; not before, and not about what ended', async () => {
    const posted: Mail[] = [];
    const accounts = createAccountStore(server.vault);
    const [amy, ben] = await Promise.all(['amy', 'ben'].map((name) => accounts.findByUsername(name)));
    const grant = (clientId: string, ageDays: number, scope = LASTING) =>
      ({ clientId, scope, allowedAt: NOW - ageDays * DAY }) as GrantSummary;
    let now = NOW;
    let grants = [grant('one', 366), grant('one', 20), grant('two', 10), grant('short', 400, 'openid')];
    const parts: ReminderParts = {
      outbox: { post: (write) => void write().then((mail) => mail && posted.push(mail)) },
      accounts: { list: async () => [amy!, ben!] },
      grantsOf: async () => grants,
      nameOf: async (clientId) => `The ${clientId}`,
      first: createFirst(server.vault),
      clock: () => now,
      language: createLanguages(filesOf(['en']), 'en').choose({}),
      ...{ brand: 'Riverside', myAppsUrl: 'https://auth.example/apps', everyDays: 365 },
    };
    const nodes = [createReminders(parts), createReminders(parts)];
    const look = async () =>
      (await Promise.all(nodes.map((node) => node()))).reduce((sum, one) => sum + one, 0);

    expect(await look()).toBe(1);
    expect(posted).toEqual([
      {
        to: AMY,
        subject: 'Apps that can use your records from Riverside',
        text: expect.stringMatching(/– The one\n– The two\n\n.*https:\/\/auth\.example\/apps$/s),
      },
    ]);
    now += DAY;
    expect(await look()).toBe(0);
    grants = [grant('one', 360)];
    now += DAY;
    expect(await createReminders({ ...parts, first: async () => true })()).toBe(0);
    expect(posted).toHaveLength(1);
  });
});
