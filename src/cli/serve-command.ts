import { Command } from 'commander';

import { isFips } from '../algorithms/index.ts';
import { createGatehouse } from '../app.ts';
import { createStdoutSink } from '../audit/index.ts';
import { loadConfig, tlsFilesOf, type Config, type ConfigSources } from '../config/index.ts';
import { renewCertificates } from './certificate-renewal.ts';
import { configOption } from './config-command.ts';
import { guardCrypto } from './crypto-safety.ts';
import { VIEWS_DIR, createLog, openServerStore, orClose, stopOnSignals } from './run-server.ts';
import { guardStore } from './store-safety.ts';
import { orLetGo, reportToPrimary, workerNumber } from './worker.ts';
import { serveWithWorkers, workersOf } from './workers.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('run the server for production: no demo users, secrets of your own, https')
    .addOption(configOption())
    .option('--workers <number>', 'so many processes on the same port, or `auto`: one a processor', '1')
    .action(async ({ config: file, workers }: { config?: string; workers: string }) => {
      const sources = { ...(file === undefined ? {} : { file }), env: process.env };
      const config = loadConfig(sources);
      guardCrypto(config, createLog(config.log.level));
      const count = workersOf(workers, config);
      if (count === 1 || workerNumber() !== undefined) await orLetGo(() => serve(config, sources));
      else if (!(await serveWithWorkers(config, count))) process.exit(1);
    });
}

async function serve(config: Config, sources: ConfigSources): Promise<void> {
  const worker = workerNumber();
  const log = createLog(config.log.level, worker === undefined ? {} : { worker });
  const driver = await openServerStore(config, (error) =>
    log.warn({ err: error }, 'the store connection had an error'),
  );
  const watch = await orClose(driver, guardStore(config, driver, log));
  const building = createGatehouse({
    config,
    driver,
    log,
    auditSinks: [createStdoutSink()],
    viewsDir: VIEWS_DIR,
    checks: watch ? [{ name: 'store-safety', check: () => watch.check() }] : [],
  });
  const gatehouse = await orClose(driver, building);
  const stopRenewing = renewCertificates({
    files: tlsFilesOf(sources),
    read: () => loadConfig(sources).listen.tls,
    renew: (pair) => gatehouse.renewCertificate(pair),
    log,
  });
  const stop = async (): Promise<void> => {
    stopRenewing();
    watch?.stop();
    await gatehouse.close();
  };
  // Of several processes the first one waits, and then tells them.
  const delayMs = worker === undefined ? config.listen.drainDelayS * 1000 : 0;
  const begin = stopOnSignals(stop, log, { leave: () => gatehouse.leave(), delayMs });
  try {
    const { port, managementPort } = await gatehouse.listen(worker !== undefined);
    const cryptography = { fips: isFips(), openssl: process.versions.openssl };
    const at = { port, store: driver.name, at: driver.location, ...cryptography };
    if (worker === undefined) log.info({ issuer: config.issuer, managementPort, ...at }, 'ready');
    else {
      log.info({ pid: process.pid, ...at }, 'a worker is ready');
      reportToPrimary(gatehouse, port, begin);
    }
  } catch (error) {
    await stop();
    throw error;
  }
}
