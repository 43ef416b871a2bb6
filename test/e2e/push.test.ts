import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { until } from '../support/app.ts';
import { CookieBrowser } from '../support/browser.ts';
import { demoOn } from '../support/demo-suite.ts';
import { authorize } from '../support/flow.ts';
import { PASSWORD } from '../support/gatehouse.ts';
import { runGatehouse } from '../support/process.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  SERVED_CLIENTS,
  addAmy,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../support/serve.ts';
import { answerWith, startStubFhir, type StubFhir } from '../support/stub-fhir.ts';

describe('records of decisions sent on by several workers', () => {
  let redis: RedisServer;
  let folder: ServeFolder;
  let stub: StubFhir;
  let server: Serve | undefined;
  beforeAll(async () => {
    [redis, stub] = await Promise.all([startRedis({ appendOnly: true }), startStubFhir()]);
    folder = await serveFolder(
      (yaml) =>
        yaml
          .replace(/dataDir: .*/, `$&\n  driver: redis\n  redisUrl: ${redis.url}`)
          .replace('http://localhost:3999/fhir', stub.url) + `records: { push: [main] }\n${SERVED_CLIENTS}`,
    );
    await addAmy(folder);
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  afterAll(async () => {
    await folder.remove();
    await stub.close();
    await redis.stop();
  });
  const allow = ({ issuer }: Serve, browser = new CookieBrowser()) =>
    authorize(issuer, {
      ...{ username: 'amy', password: PASSWORD, browser },
      scope: 'launch/patient patient/Observation.rs',
      params: { aud: stub.url },
    });
  const push = async (...args: string[]): Promise<string> => {
    const ended = await runGatehouse(['consent', 'push', ...args, '--config', folder.config]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return ended.stdout;
  };
  const idsSent = (): (string | undefined)[] => stub.sent.map(([consent]) => consent?.resource.id);

  test('[SEC-9] killed while it sends: the next one sends that record again, under the same id, and the others once', async () => {
    const first = await startServe(folder, {}, ['--workers', '2']);
    stub.answer = () => undefined; // Nobody ever hears whether it was taken.
    await allow(first);
    await until(() => stub.sent.length === 1, 'it was sent');
    await first.kill();
    stub.answer = undefined;
    server = await startServe(folder, {}, ['--workers', '2']);
    await until(() => stub.sent.length === 2, 'it was sent again');
    await allow(server);
    await allow(server);
    await until(() => stub.sent.length === 4, 'the others were sent');
    const [before, again, ...others] = idsSent();
    expect(again).toBe(before);
    expect(new Set([again, ...others]).size).toBe(3);
    expect(await push('--status')).toMatch(/^waiting +0$/m);
  });

  test('[SEC-9] an operator sees what was refused and why, and has it sent again', async () => {
    stub.sent.length = 0;
    server = await startServe(folder, {}, ['--workers', '2']);
    stub.answer = (_entries, response) =>
      answerWith(response, 422, {
        resourceType: 'OperationOutcome',
        issue: [{ diagnostics: 'Patient/p1 is not known here' }],
      });
    await allow(server);
    await until(async () => (await push()).includes('Patient/p1 is not known here'), 'it was set aside');
    const status = await push('--status');
    expect(status).toMatch(/^set aside +1$/m);
    expect(status).toContain(`Consent/${idsSent()[0]}`);
    const aside = 'it was set aside: see gatehouse consent push --status';
    const { said } = server;
    await until(() => said.stdout.includes(aside), 'the log says so');
    stub.answer = undefined;
    expect(await push('--again')).toBe('main: 1 record(s) that were set aside will be sent again\n');
    await until(() => stub.sent.length === 2, 'it was sent again');
    await until(async () => /^set aside +0$/m.test(await push()), 'nothing was set aside any more');
    const page = await (await fetch(`${server.management}/metrics`)).text();
    expect(page).toMatch(/^gatehouse_push_failures_total\{server="main"\} 1$/m);
  });
});

describe('records of decisions in the demo', () => {
  const suite = demoOn('embedded');

  test('[SEC-9] the demo’s FHIR server shows an app the Consent by which its person allowed it', async () => {
    const { body } = await suite.launch({ scope: 'launch/patient patient/Consent.rs' });
    const ask = async (): Promise<{ entry?: { resource: object }[] }> => {
      const headers = { authorization: `Bearer ${body.access_token}` };
      return (
        await fetch(`${suite.demo.fhir}/Consent?patient=amy-shaw&status=active`, { headers })
      ).json() as never;
    };
    await until(async () => ((await ask()).entry ?? []).length === 1, 'the Consent was there');
    expect((await ask()).entry?.[0]?.resource).toMatchObject({
      resourceType: 'Consent',
      patient: { reference: 'Patient/amy-shaw' },
      provision: { type: 'permit', actor: [{ reference: { display: 'My Health' } }] },
    });
    expect(await suite.cli('consent', 'push')).toMatch(/^set aside +0$/m);
  });
});
