import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';

import { until } from '../support/app.ts';
import { startSyslogReceiver, type SyslogReceiver } from '../support/audit-receivers.ts';
import { makeCertificate } from '../support/certificate.ts';
import { demoOn } from '../support/demo-suite.ts';
import { authorize, redeem } from '../support/flow.ts';
import { runGatehouse } from '../support/process.ts';
import {
  SERVED_CLIENTS,
  addAmy,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../support/serve.ts';

describe('the audit log on its way from a server that is killed', () => {
  let receiver: SyslogReceiver;
  let folder: ServeFolder;
  let server: Serve | undefined;
  beforeAll(async () => {
    const made = await makeCertificate(['localhost']);
    receiver = await startSyslogReceiver(made);
    folder = await serveFolder((yaml) => yaml + SERVED_CLIENTS);
    const certificateFile = await folder.write('authority.pem', made.authority);
    const siem = { id: 'siem', host: 'localhost', port: receiver.port, certificateFile };
    const yaml = await readFile(folder.config, 'utf8');
    await writeFile(folder.config, `${yaml}audit: ${JSON.stringify({ delivery: [siem] })}\n`);
    await addAmy(folder);
  });
  afterAll(async () => {
    await server?.stop();
    await folder.remove();
    await receiver.close();
  });
  const audit = async (...args: string[]): Promise<string> => {
    const ended = await runGatehouse(['audit', ...args, '--config', folder.config]);
    expect(ended.code).toBe(0);
    return ended.stdout;
  };
  const idsSent = (): Set<string> =>
    new Set(receiver.messages.map((message) => / id="([^"]+)"/.exec(message)?.[1] ?? ''));

  test('[SEC-5] [F37] the next one goes on where it was, and nothing is missing; status says what waits', async () => {
    server = await startServe(folder);
    await redeem(folder.issuer, await authorize(folder.issuer));
    await until(() => receiver.messages.length > 3, 'some of it was there');
    receiver.mode = 'cut';
    await redeem(folder.issuer, await authorize(folder.issuer));
    await server.kill();
    const status = await audit('delivery', '--status');
    expect(status).toMatch(/^siem {2}syslog localhost:\d+\nwaiting {4}[1-9]\d*, the oldest since 20/);
    receiver.mode = 'take';
    server = await startServe(folder);
    const exported = (await audit('export', '--format', 'fhir-ndjson')).trim().split('\n');
    const local = exported.map((line) => (JSON.parse(line) as { id: string }).id);
    await until(() => local.every((id) => idsSent().has(id)), 'all was there');
    await until(async () => /^waiting +0$/m.test(await audit('delivery')), 'nothing waited');
    expect(await audit('delivery', '--again')).toBe(
      'siem: 0 event(s) that were set aside will be sent again\n',
    );
  });
});

describe('the audit log of the demo', () => {
  const suite = demoOn('embedded');

  test('[SEC-5] its FHIR server shows who may see it what was done, and nothing waits then', async () => {
    const ask = async (
      token: string | undefined,
    ): Promise<{ total: number; entry: { resource: object }[] }> => {
      const headers = { authorization: `Bearer ${token}` };
      const found = await fetch(`${suite.demo.fhir}/AuditEvent?patient=amy-shaw&_sort=date`, { headers });
      return found.json() as never;
    };
    const scope = 'launch/patient patient/AuditEvent.rs';
    const usual = await suite.launch({ scope });
    // They are labelled as restricted: a patient ticks that they are shown.
    const consent = (scopes: readonly string[]): string[] => [...scopes, '__sensitive/other'];
    const { body } = await suite.launch({ scope, consent });
    await until(async () => (await ask(body.access_token)).total >= 4, 'the events were there');
    expect((await ask(body.access_token)).entry[0]?.resource).toMatchObject({
      resourceType: 'AuditEvent',
      subtype: [{ code: 'AuthZ-Consent' }],
      outcome: '0',
    });
    expect((await ask(usual.body.access_token)).total).toBe(0);
    await until(async () => /^waiting +0$/m.test(await suite.cli('audit', 'delivery')), 'nothing waited');
  });
});
