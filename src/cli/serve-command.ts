import { Command } from 'commander';

import { createGatehouse } from '../app.ts';
import { createStdoutSink } from '../audit/index.ts';
import { loadConfig } from '../config/index.ts';
import { configOption } from './config-command.ts';
import { VIEWS_DIR, createLog, openServerStore, orClose, stopOnSignals } from './run-server.ts';
import { guardStore } from './store-safety.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('run the server for production: no demo users, secrets of your own, https')
    .addOption(configOption())
    .action(async ({ config: file }: { config?: string }) => {
      await serve(file);
    });
}

async function serve(file: string | undefined): Promise<void> {
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env: process.env });
  const log = createLog(config.log.level);
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
  const stop = async (): Promise<void> => {
    watch?.stop();
    await gatehouse.close();
  };
  stopOnSignals(stop, log);
  try {
    const { port, managementPort } = await gatehouse.listen();
    log.info(
      { issuer: config.issuer, port, managementPort, store: driver.name, at: driver.location },
      'ready',
    );
  } catch (error) {
    await stop();
    throw error;
  }
}
