import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import type { ConfigInput } from '../../../src/config/index.ts';
import { appOf, until } from '../../support/app.ts';
import { auditEventIds } from '../../support/audit-disk.ts';
import {
  startAuditRepository,
  startSyslogReceiver,
  type AuditRepository,
  type SyslogReceiver,
} from '../../support/audit-receivers.ts';
import { makeCertificate, makeClientCertificate, type TestCertificate } from '../../support/certificate.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { FHIR, startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';
import { answerWith } from '../../support/stub-fhir.ts';

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await makeCertificate(['localhost']);
});

let store: TestStore;
let server: TestServer;
const start = async (delivery: object[], fhir = FHIR): Promise<void> => {
  store = await testStore('embedded');
  server = await startGatehouse(store, {
    clients: [PUBLIC_APP, RESOURCE_SERVER],
    fhirServers: [
      { id: 'main', name: 'Test FHIR', url: FHIR },
      ...(fhir === FHIR ? [] : [{ id: 'audit', name: 'Audit', url: fhir }]),
    ],
    audit: { delivery } as NonNullable<ConfigInput['audit']>,
  });
};
afterEach(async () => {
  await server.close();
  await store.dispose();
});

/** What is in the log now, chain by chain. */
const localIds = (): Promise<string[]> => auditEventIds(server);
const metric = async (name: string): Promise<number> => {
  const page = await (await fetch(`${server.managementUrl}/metrics`)).text();
  return Number(new RegExp(`^gatehouse_audit_delivery_${name}{[^}]*} (.*)$`, 'm').exec(page)?.[1]);
};

describe('the audit log on its way to a FHIR server', () => {
  let repository: AuditRepository;
  beforeEach(async () => {
    repository = await startAuditRepository();
    await start([{ id: 'arr', fhirServer: 'audit' }], repository.url);
  });
  afterEach(() => repository.close());
  const allIsThere = async (): Promise<boolean> => {
    const ids = await localIds();
    return ids.length > 0 && ids.every((id) => repository.events.has(id));
  };

  test('[SEC-5] [F37] away, then overloaded, then back: afterwards exactly the local set is there, in order', async () => {
    const app = appOf(server.issuer);
    repository.instead = (response) => response.destroy();
    await app.newTokens();
    await until(async () => (await metric('waiting')) > 0, 'it waited');
    let asked = 0;
    repository.instead = (response) => {
      asked += 1;
      response.setHeader('retry-after', '1');
      answerWith(response, asked % 2 === 0 ? 503 : 429, {});
    };
    await until(() => asked >= 2, 'it was asked twice');
    await app.newTokens();
    repository.instead = undefined;
    await until(allIsThere, 'all was there');
    const local = await localIds();
    expect([...repository.events.keys()]).toEqual(local);
    await until(async () => (await metric('waiting')) === 0, 'nothing waited');
  });

  test('[SEC-5] [F37] what it refuses for good is set aside, and holds up nothing', async () => {
    repository.refuses = ({ subtype }) => JSON.stringify(subtype).includes('110122');
    await appOf(server.issuer).newTokens();
    await until(async () => (await metric('aside')) >= 1, 'it was set aside');
    await until(async () => {
      const ids = await localIds();
      return repository.events.size === ids.length - (await metric('aside'));
    }, 'the others were there');
  });

  test('[SEC-5] one that takes no batches is sent each by itself', async () => {
    repository.takesBatches = false;
    await appOf(server.issuer).newTokens();
    await until(allIsThere, 'all was there');
    expect([...repository.events.keys()]).toEqual(await localIds());
  });
});

describe('the audit log on its way to a syslog receiver', () => {
  let receiver: SyslogReceiver;
  const receivers: SyslogReceiver[] = [];
  const listen = async (...args: Parameters<typeof startSyslogReceiver>): Promise<SyslogReceiver> => {
    receiver = await startSyslogReceiver(...args);
    receivers.push(receiver);
    return receiver;
  };
  const to = ({ port }: SyslogReceiver, more: object = {}): object => ({
    ...{ id: 'siem', host: 'localhost', port, certificate: certificate.authority, ...more },
  });
  afterEach(async () => {
    await Promise.all(receivers.splice(0).map((one) => one.close()));
  });
  const idsIn = (messages: readonly string[]): string[] =>
    messages.map((message) => / id="([^"]+)"/.exec(message)?.[1] ?? '');
  /** Without what was sent a second time, as a receiver would put it. */
  const once = (ids: readonly string[]): string[] => [...new Set(ids)];

  test('[SEC-5] [F37] cut, gone and back: afterwards exactly the local set is there, in order', async () => {
    await listen(certificate);
    await start([to(receiver)]);
    const app = appOf(server.issuer);
    await app.newTokens();
    await until(() => receiver.messages.length > 0, 'something was there');
    receiver.mode = 'cut';
    await app.newTokens();
    await until(async () => (await metric('failures_total')) >= 1, 'it was cut');
    const before = [...receiver.messages];
    await receiver.close();
    await app.newTokens();
    await listen(certificate, { port: receiver.port });
    const all = (): string[] => once(idsIn([...before, ...receiver.messages]));
    await until(async () => {
      const ids = await localIds();
      return all().length >= ids.length;
    }, 'all was there');
    expect(all()).toEqual(await localIds());
  });

  test('[SEC-5] we show a certificate where the receiver asks for one', async () => {
    const shown = await makeClientCertificate('gatehouse');
    await listen(certificate, { clientsBy: shown.certificate });
    await start([to(receiver, { clientCertificate: shown.certificate, clientKey: shown.key })]);
    await until(() => receiver.messages.length > 0, 'it was taken');
    expect([...receiver.subjects]).toEqual(['gatehouse']);
  });

  test('[SEC-5] nothing is told to a receiver whose certificate is not the one', async () => {
    await listen(await makeCertificate(['localhost']));
    await start([to(receiver)]);
    await until(async () => (await metric('failures_total')) >= 1, 'it was refused');
    expect(receiver.messages).toEqual([]);
    expect(await metric('waiting')).toBeGreaterThan(0);
  });

  test('[SEC-5] a user agent with line breaks and terminal commands forges no message', async () => {
    await listen(certificate);
    await start([to(receiver)]);
    await fetch(`${server.issuer}/token`, {
      method: 'POST',
      headers: { 'user-agent': 'x\t<85>1 - - - - - -' },
      body: new URLSearchParams({
        grant_type: 'refresh_token\r\n<85>1 forged',
        client_id: 'public-app\r\n\u001b[2J',
      }),
    });
    await until(async () => {
      const ids = await localIds();
      return ids.length > 1 && once(idsIn(receiver.messages)).length >= ids.length;
    }, 'all was there');
    for (const message of receiver.messages) {
      expect(message).toMatch(/^<85>1 \d{4}-/);
      expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
    expect(once(idsIn(receiver.messages))).toEqual(await localIds());
  });
});
