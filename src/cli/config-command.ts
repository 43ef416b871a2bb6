import { Command, Option } from 'commander';

import { loadConfig, warningsAbout } from '../config/index.ts';

/** `--config FILE`, or `GATEHOUSE_CONFIG`. */
export function configOption(): Option {
  return new Option('-c, --config <file>', 'configuration file (YAML or JSON)').env('GATEHOUSE_CONFIG');
}

export function configCommand(): Command {
  const config = new Command('config').description('look at the configuration');
  config
    .command('check')
    .description('read the configuration as serve would, and say everything that is wrong with it')
    .addOption(configOption())
    .action(({ config: file }: { config?: string }) => {
      const loaded = loadConfig({ ...(file === undefined ? {} : { file }), env: process.env });
      for (const warning of warningsAbout(loaded)) process.stderr.write(`warning: ${warning}\n`);
      const { issuer, store, fhirServers, clients } = loaded;
      process.stdout.write(
        `the configuration is good: ${issuer}, store ${store.driver}, ` +
          `${fhirServers.length} FHIR server(s), ${clients.length} configured client(s)\n`,
      );
    });
  return config;
}
