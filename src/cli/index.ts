import { Command, CommanderError } from 'commander';

import { SealBroken } from '../store/index.ts';
import { auditCommand } from './audit-command.ts';
import { clientCommand } from './client-command.ts';
import { configCommand } from './config-command.ts';
import { consentCommand } from './consent-command.ts';
import { EX_CONFIG } from './crypto-safety.ts';
import { demoCommand } from './demo-command.ts';
import { evidenceCommand } from './evidence-command.ts';
import { explain } from './explain.ts';
import { gatewayCommand } from './gateway-command.ts';
import { grantCommand } from './grant-command.ts';
import { keysCommand } from './keys-command.ts';
import { postureCommand } from './posture-command.ts';
import { storeCommand } from './store-command.ts';
import { serveCommand } from './serve-command.ts';
import { usageCommand } from './usage-command.ts';
import { userCommand } from './user-command.ts';

/**
 * The command line: `serve`, `demo`, and what an operator does besides. Parses arguments and prints; the work is done
 * by the folders it calls. A mistake is one clear line and a non-zero exit, never a stack trace.
 *
 * @returns the exit code
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('gatehouse')
    .description('A SMART App Launch authorization server')
    .exitOverride()
    .showHelpAfterError('(add --help for more)');
  for (const make of [
    serveCommand,
    demoCommand,
    gatewayCommand,
    clientCommand,
    userCommand,
    grantCommand,
    consentCommand,
    auditCommand,
    usageCommand,
    keysCommand,
    storeCommand,
    postureCommand,
    evidenceCommand,
    configCommand,
  ]) {
    program.addCommand(make());
  }
  for (const command of everyCommand(program)) command.exitOverride();
  try {
    await program.parseAsync([...argv]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${explain(error)}\n`);
    // Whoever starts us again and again need not: a key that cannot be read stays so (F34).
    if (error instanceof SealBroken) return EX_CONFIG;
    // A command may have said already how bad it is.
    return typeof process.exitCode === 'number' && process.exitCode > 0 ? process.exitCode : 1;
  }
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...everyCommand(child)]);
}
