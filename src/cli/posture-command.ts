import { Command, Option } from 'commander';

import { inWords, judge } from '../posture/index.ts';
import { inOffice, withStoreOptions, type OfficeOptions } from './office.ts';
import { checkedLog } from './own-log.ts';
import { factsOf } from './posture-facts.ts';

interface PostureOptions extends OfficeOptions {
  readonly format: 'text' | 'json';
  readonly strict?: boolean;
}

export function postureCommand(): Command {
  return withStoreOptions(new Command('posture'))
    .description('say how safe this installation is: exit code 1 where something weakens it')
    .addOption(new Option('--format <format>').choices(['text', 'json']).default('text'))
    .option('--strict', 'exit code 1 also where there is something to look at')
    .action((options: PostureOptions) =>
      inOffice(
        options,
        async (office) => {
          const posture = judge({
            config: office.config,
            facts: await factsOf(office, await checkedLog(office)),
          });
          process.stdout.write(
            options.format === 'json' ? `${JSON.stringify(posture, null, 2)}\n` : inWords(posture),
          );
          const isWeak = posture.status === 'fail' || (options.strict && posture.status === 'warn');
          if (isWeak) process.exitCode = 1;
        },
        { begins: false },
      ),
    );
}
