import { rename } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { until } from '../../support/app.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';
import { runGatehouse } from '../../support/process.ts';
import { startRedis } from '../../support/redis-server.ts';
import { serveFolder, startServe, type Serve, type ServeFolder } from '../../support/serve.ts';
import { shownSerial } from '../../support/tls-clients.ts';

const [FIRST, SECOND, THIRD] = (await Promise.all(
  [0, 1, 2].map(() => makeCertificate(['localhost', '127.0.0.1'])),
)) as [TestCertificate, TestCertificate, TestCertificate];
/** Trusted one by one: their authorities have one name. */
const TRUSTED = {
  ca: [FIRST, SECOND, THIRD].map(({ certificate }) => certificate),
  allowPartialTrustChain: true,
};
const serialOf = ({ certificate }: TestCertificate): string => new X509Certificate(certificate).serialNumber;

function tlsFolder(): Promise<ServeFolder> {
  return serveFolder((yaml) => {
    const dir = /dataDir: (.*)\/data/.exec(yaml)?.[1] ?? '';
    const files = `{ certificateFile: ${dir}/cert.pem, keyFile: ${dir}/key.pem }`;
    return yaml
      .replace('issuer: http:', 'issuer: https:')
      .replace(/listen: \{ port: (\d+) \}/, `listen: { port: $1, tls: ${files} }`);
  });
}

/** As a certificate manager does it: a whole file in the place of the other. */
async function put(folder: ServeFolder, { certificate, key }: TestCertificate): Promise<void> {
  for (const [name, text] of [
    ['cert.pem', certificate],
    ['key.pem', key],
  ] as const) {
    await folder.write(`${name}.new`, text);
    await rename(`${folder.dir}/${name}.new`, `${folder.dir}/${name}`);
  }
}

describe('a certificate is renewed under load', () => {
  let folder: ServeFolder;
  let running: Serve;
  beforeAll(async () => {
    folder = await tlsFolder();
    await put(folder, FIRST);
    running = await startServe(folder);
  });
  afterAll(async () => {
    await running?.stop();
    await folder?.remove();
  });

  /** Asks all the time, over connections that stay and over new ones, until it is stopped. */
  function load(): { stop(): Promise<{ readonly good: number; readonly bad: readonly unknown[] }> } {
    const agents = [
      new Agent({ keepAlive: true, ...TRUSTED }),
      new Agent({ ...TRUSTED, maxCachedSessions: 0 }),
    ];
    let isOn = true;
    let good = 0;
    const bad: unknown[] = [];
    const ask = (agent: Agent): Promise<void> =>
      new Promise((resolve) => {
        const asking = request(`https://localhost:${folder.port}/jwks`, { agent }, (response) => {
          if (response.statusCode === 200) good += 1;
          else bad.push(response.statusCode);
          response.resume().once('end', resolve);
        });
        asking.once('error', (error) => {
          bad.push(error.message);
          resolve();
        });
        asking.end();
      });
    const goOn = async (agent: Agent): Promise<void> => {
      while (isOn) await ask(agent);
    };
    const all = Promise.all(agents.flatMap((agent) => [goOn(agent), goOn(agent)]));
    return {
      async stop() {
        isOn = false;
        await all;
        for (const agent of agents) agent.destroy();
        return { good, bad };
      },
    };
  }

  const shown = (): Promise<string> => shownSerial(folder.port, TRUSTED);
  const untilShown = (pair: TestCertificate): Promise<void> =>
    until(async () => (await shown()) === serialOf(pair), 'the new certificate was shown');

  test('[SEC-6] on SIGHUP and when its files change, without a failed request', async () => {
    expect(await shown()).toBe(serialOf(FIRST));
    const asking = load();
    await put(folder, SECOND);
    process.kill(running.pid, 'SIGHUP');
    await untilShown(SECOND);
    await put(folder, THIRD);
    await untilShown(THIRD);
    const { good, bad } = await asking.stop();
    expect(bad).toEqual([]);
    expect(good).toBeGreaterThan(20);
  });

  test('[SEC-6] one that is no good is left alone, and the log says so', async () => {
    await folder.write('cert.pem', FIRST.certificate);
    process.kill(running.pid, 'SIGHUP');
    await until(() => running.said.stdout.includes('the new certificate is no good'), 'the log said so');
    expect(await shown()).toBe(serialOf(THIRD));
    await folder.write('key.pem', FIRST.key);
    process.kill(running.pid, 'SIGHUP');
    await untilShown(FIRST);
  });
});

test('[SEC-6] with several workers a SIGHUP to the first process reaches each of them', async () => {
  const redis = await startRedis({ appendOnly: true });
  const folder = await tlsFolder();
  await put(folder, FIRST);
  const running = await startServe(folder, { REDIS_URL: redis.url }, ['--workers', '2']);
  try {
    await put(folder, SECOND);
    process.kill(running.pid, 'SIGHUP');
    const renewed = (): number => running.said.stdout.split('the certificate was read anew').length - 1;
    await until(() => renewed() >= 2, 'both workers had read it');
    for (let asked = 0; asked < 4; asked += 1)
      expect(await shownSerial(folder.port, TRUSTED)).toBe(serialOf(SECOND));
  } finally {
    expect(await running.stop()).toBe(0);
    await redis.stop();
    await folder.remove();
  }
});

test('[SEC-6] fips: required does not start without FIPS mode: 78, and a sentence', async () => {
  const folder = await serveFolder((yaml) => `fips: required\n${yaml}`);
  const { code, stderr } = await runGatehouse(['serve', '--config', folder.config]);
  await folder.remove();
  expect(code).toBe(78);
  expect(stderr).toMatch(
    /^gatehouse: fips is required, and OpenSSL of this Node\.js .* is not in FIPS mode; configure/,
  );
  expect(stderr).not.toMatch(/\n +at /);
});
