import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { historyOf, type KeptRecord } from '../../../src/records/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { until } from '../../support/app.ts';
import { announce, ehrSuite } from '../../support/ehr.ts';
import { authorize, openScreen, submit, type FlowOptions } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';

const SCOPE = 'openid fhirUser launch user/Patient.rs patient/Observation.rs';

describe.each(DRIVERS)('records of what came to nothing, on %s', (driver) => {
  const suite = ehrSuite(driver);
  const folder = (): string => path.join(suite.server.dataDir, 'records');
  const filesOfPeople = async (): Promise<string[]> =>
    (await readdir(folder(), { recursive: true })).filter((name) => /\/.*\.jsonl$/.test(name));
  async function kept(): Promise<KeptRecord[]> {
    const texts = await Promise.all(
      (await filesOfPeople()).map((name) => readFile(path.join(folder(), name), 'utf8')),
    );
    return texts
      .flatMap((text) => text.split('\n').filter(Boolean))
      .map((line) => JSON.parse(line) as KeptRecord);
  }

  test('[SEC-9] of those who allow one launch at once, one record stands; the others are entered in error', async () => {
    const { body } = await announce(suite.server.issuer, suite.token, { patient: 'p7' });
    const dora: FlowOptions = { username: 'dora', scope: SCOPE, params: { launch: body.launch } };
    const screens = await Promise.all(
      Array.from({ length: 6 }, () => openScreen(suite.server.issuer, 'consent', dora)),
    );
    const arrivals = await Promise.all(screens.map((screen) => submit(suite.server.issuer, screen)));
    expect(arrivals.filter(({ callback }) => callback?.searchParams.has('code'))).toHaveLength(1);
    const history = historyOf(await kept());
    const withdrawn = new Set(
      history.filter(({ kind }) => kind === 'withdrawn').map(({ reference }) => reference),
    );
    const granted = history.filter(({ kind }) => kind === 'granted');
    expect(granted.filter(({ reference }) => !withdrawn.has(reference))).toHaveLength(1);
    expect(withdrawn.size).toBe(granted.length - 1);
  });

  test('[SEC-9] who is a clinician acts for the organisation, with the records of the patient that was opened', async () => {
    await rm(folder(), { recursive: true });
    const { body } = await announce(suite.server.issuer, suite.token, { patient: 'p7' });
    await authorize(suite.server.issuer, { username: 'dora', scope: SCOPE, params: { launch: body.launch } });
    const [record, ...others] = await kept();
    expect(others).toEqual([]);
    expect(record?.consent.patient?.reference).toMatch(/\/Patient\/p7$/);
    expect(record?.provenance).toMatchObject({
      agent: [{ who: { display: 'Dr Dora Singh' }, onBehalfOf: { type: 'Organization' } }, {}, {}],
    });
  });

  test('[SEC-9] [REV-01] a disk that does not answer holds back nobody who stops an app', async () => {
    await rm(folder(), { recursive: true });
    const browser = new CookieBrowser();
    await authorize(suite.server.issuer, { browser });
    const [name = ''] = await filesOfPeople();
    const file = path.join(folder(), name);
    // Nobody is at its other end: whoever opens it waits.
    await rm(file);
    await mkdir(path.dirname(file), { recursive: true });
    spawnSync('mkfifo', [file]);
    const page = `${suite.server.issuer}/apps`;
    const html = await (await browser.get(page)).text();
    const answer = await browser.post(page, { ...formFields(html), stop: 'all' });
    expect(answer.headers.get('location')).toBe('/apps?stopped');
    expect(suite.server.audit.at(-1)).toMatchObject({ type: 'record.failed', decision: 'stopped' });
    // Whoever waits is let go, and comes to a file like any other.
    const otherEnd = await open(file, constants.O_RDWR | constants.O_NONBLOCK);
    await rm(file);
    await otherEnd.close();
    await until(async () => (await filesOfPeople()).length > 0, 'the late record was there');
  });
});
