import { Command, Option } from 'commander';

import { addDelivery } from './audit-delivery.ts';
import { EXPORT_FORMATS, exportRecords, type ExportOptions } from './audit-export.ts';
import { REPORT_FORMATS, report, type ReportOptions } from './audit-report.ts';
import { heads, verify } from './audit-verify.ts';
import { inOffice, withStoreOptions } from './office.ts';

export function auditCommand(): Command {
  const audit = new Command('audit').description(
    'the audit log: what was done, chained, signed and kept for good',
  );
  withStoreOptions(audit.command('verify'))
    .description('look for what was edited, cut out, put in or swapped; needs no store')
    .option('--anchor <file>', 'heads that `gatehouse audit heads` printed before, kept elsewhere')
    .option('--keys <file>', 'a JWKS, or a keys.jsonl; else the keys beside the log')
    .option('--from <date>', 'leave out what began before this day or moment (UTC): it was put away')
    .action(verify);
  withStoreOptions(audit.command('heads'))
    .description('print the last line of each chain, to be kept elsewhere; needs no store')
    .action(heads);
  withRange(audit.command('export'))
    .description('write records, to standard output or a file; this is itself recorded')
    .addOption(
      new Option(
        '--format <format>',
        'as they are, a line each, or as FHIR AuditEvents, a line each or a Bundle',
      )
        .choices(EXPORT_FORMATS)
        .default('ndjson'),
    )
    .action((options: ExportOptions) => inOffice(options, (office) => exportRecords(options, office)));
  withRange(audit.command('report'))
    .description('list what apps could see of a patient (accounting of disclosures); this is itself recorded')
    .requiredOption('--patient <id>')
    .option('--fhir-server <id>', 'of this server alone: another may give the same id to somebody else')
    .addOption(new Option('--format <format>').choices(REPORT_FORMATS).default('table'))
    .action((options: ReportOptions) => inOffice(options, (office) => report(options, office)));
  addDelivery(audit);
  return audit;
}

function withRange(command: Command): Command {
  return withStoreOptions(command)
    .option('--from <date>', 'from this day or moment on (UTC)')
    .option('--to <date>', 'to the end of this day, or before this moment (UTC)')
    .option('--out <file>', 'a file that is not there yet');
}
