import { Command } from 'commander';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JWK } from 'jose';

import { createFileArchive, readKeysFile } from '../archive/index.ts';
import { bundleOf, historyOf, inspect, type Archived, type Finding, type Problem } from '../records/index.ts';
import { addPush } from './consent-push.ts';
import { UserError } from './explain.ts';
import { dataDirOf, inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

interface PersonOptions extends OfficeOptions {
  readonly user: string;
  readonly out?: string;
}

interface VerifyOptions extends OfficeOptions {
  readonly keys?: string;
}

export function consentCommand(): Command {
  const consent = new Command('consent').description(
    'records of what people decided, signed and kept for good',
  );
  withStoreOptions(consent.command('list'))
    .description('list what a person decided, the newest first')
    .requiredOption('--user <username>')
    .action((options: PersonOptions) => inOffice(options, (office) => list(options, office)));
  withStoreOptions(consent.command('export'))
    .description('write the records of a person as a FHIR Bundle, to standard output or a file')
    .requiredOption('--user <username>')
    .option('--out <file>', 'a file that is not there yet')
    .action((options: PersonOptions) => inOffice(options, (office) => exportRecords(options, office)));
  withStoreOptions(consent.command('verify'))
    .description('check each record of a Bundle or of an archive file; needs no store')
    .argument('<files...>')
    .option('--keys <file>', 'a JWKS, or a keys.jsonl; else the keys in the data directory')
    .action(verify);
  addPush(consent);
  return consent;
}

async function archivedOf({ user }: PersonOptions, { accounts, records }: Office): Promise<Archived> {
  const account = await accounts.findByUsername(user);
  if (!account) throw new UserError(`there is no user ${user}`);
  const archived = await records.archive.of(account.accountId);
  if (archived.torn > 0)
    process.stderr.write(
      `${archived.torn} line(s) are no records; look with: gatehouse consent verify ${records.archive.folderOf(account.accountId)}/*.jsonl\n`,
    );
  return archived;
}

async function list(options: PersonOptions, office: Office): Promise<void> {
  const { records } = await archivedOf(options, office);
  const rows = historyOf(records).map(({ at, kind, why, clientId, patient, until, reference, kept }) => [
    ...[
      at.slice(0, 19),
      kind === 'stopped' && why !== undefined ? `${kind}: ${why}` : kind,
      clientId,
      patient ?? '-',
      until?.slice(0, 10) ?? '-',
      reference,
      kept.join(' '),
    ],
  ]);
  process.stdout.write(table(['WHEN', 'WHAT', 'CLIENT', 'PATIENT', 'UNTIL', 'REFERENCE', 'SCOPE'], rows));
}

async function exportRecords(options: PersonOptions, office: Office): Promise<void> {
  const { records } = await archivedOf(options, office);
  const bundle = bundleOf(records, office.config.issuer, new Date().toISOString());
  const text = `${JSON.stringify(bundle, undefined, 2)}\n`;
  if (options.out === undefined) {
    process.stdout.write(text);
    return;
  }
  await writeFile(options.out, text, { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${records.length} record(s) are in ${options.out}\n`);
}

const PROBLEMS: Readonly<Record<Problem, string>> = {
  torn: 'it is not whole: a process was killed, or the disk was full, while it was written',
  'repeated-member': 'a member stands twice in it, so that readers may take it for different things',
  'number-form': 'a number in it is written another way than it was signed',
  'not-a-record': 'it holds something else than records of ours',
  'no-provenance': 'there is no Provenance for this version',
  'no-consent': 'there is no Consent for this Provenance',
  'other-version': 'the Provenance belongs to another version',
  'unknown-key': 'the key that signed it is not among the keys given',
  consent: 'the Consent was edited',
  provenance: 'the Provenance was edited',
  signature: 'the signature is not one over this record',
};

async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  const keys = await keysFor(options);
  const findings: Finding[] = [];
  for (const file of files) {
    const found = await inspect(await readFile(file, 'utf8'), keys);
    if (found.length === 0) throw new UserError(`there are no records in ${file}`);
    if (files.length > 1) process.stdout.write(`${file}\n`);
    for (const { at, problem } of found)
      process.stdout.write(`${at}: ${problem === undefined ? 'valid' : `NOT VALID, ${PROBLEMS[problem]}`}\n`);
    findings.push(...found);
  }
  const bad = findings.filter(({ problem }) => problem !== undefined).length;
  if (bad > 0) throw new UserError(`${bad} of ${findings.length} record(s) are not valid`);
  process.stdout.write(`all ${findings.length} record(s) are valid\n`);
}

async function keysFor(options: VerifyOptions): Promise<readonly JWK[]> {
  if (options.keys !== undefined) return readKeysFile(options.keys);
  const dataDir = dataDirOf(options);
  const keys = await createFileArchive({ dataDir, nameOf: (accountId) => accountId }).keys();
  if (keys.length === 0)
    throw new UserError(
      `there are no keys in ${path.join(dataDir, 'records')}: say with --config or --data-dir where the records are, or name the keys with --keys (a JWKS, as at /.well-known/provenance-jwks.json)`,
    );
  return keys;
}
