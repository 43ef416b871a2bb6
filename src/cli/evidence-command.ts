import { Command } from 'commander';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { RECORD_ALGORITHMS } from '../algorithms/index.ts';
import { checkBundle, controlMatrix, sealBundle, type Bundled, type Product } from '../evidence/index.ts';
import { loadOrCreateKeys } from '../keys/index.ts';
import { systemClock } from '../oauth/index.ts';
import { judge } from '../posture/index.ts';
import { publicHalf } from '../records/index.ts';
import type { ChainReport } from '../trail/index.ts';
import { createTrailFiles, readKeysFile } from '../archive/index.ts';
import { UserError } from './explain.ts';
import { dataDirOf, inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { checkedLog } from './own-log.ts';
import { factsOf } from './posture-facts.ts';

/** Where this version keeps what was written and tested about it: two folders above, built or not. */
const HOME = new URL('../../', import.meta.url);

const COMPLIANCE = 'compliance.md';
const TESTS = 'tests.json';
/** From our own house, under the name it has in the bundle. */
const WRITTEN: readonly (readonly [name: string, file: string])[] = [
  [COMPLIANCE, 'docs/compliance.md'],
  ['requirements.md', 'docs/conformance.md'],
  ['risk/register.md', 'docs/risk/register.md'],
  ['risk/categorization.md', 'docs/risk/categorization.md'],
  ['risk/data-and-keys.md', 'docs/risk/data-and-keys.md'],
  ['sbom.cdx.json', 'dist/sbom.cdx.json'],
];

interface EvidenceOptions extends OfficeOptions {
  readonly out?: string;
  readonly verify?: string;
  readonly keys?: string;
}

export function evidenceCommand(): Command {
  return withStoreOptions(new Command('evidence'))
    .description('write what an auditor asks for into a folder, signed; or check such a folder')
    .option('--out <dir>', 'a folder that is not there yet')
    .option('--verify <dir>', 'instead: is it as it was made? needs no store')
    .option('--keys <file>', 'with --verify: a JWKS, or a keys.jsonl; else the keys beside the audit log')
    .action(async (options: EvidenceOptions) => {
      if (options.verify !== undefined) return verify(options.verify, options);
      const { out } = options;
      if (out === undefined) throw new UserError('say where to: --out DIR, or --verify DIR');
      return inOffice(options, (office) => make(out, office));
    });
}

async function make(out: string, office: Office): Promise<void> {
  await mkdir(out).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new UserError(`${out} could not be made: ${String(code)}`);
  });
  const { keys } = await loadOrCreateKeys(office.auditKeys, systemClock, RECORD_ALGORITHMS);
  const key = keys.find(({ status }) => status === 'active');
  if (!key) throw new TypeError('there is no key to sign with');
  await office.trailFiles.keepKey(publicHalf(key));
  const chains = await checkedLog(office);
  const facts = await factsOf(office, chains);
  const posture = judge({ config: office.config, facts });
  const own = await written();
  const results = await tested();
  const compliance = own.find(({ name }) => name === COMPLIANCE)?.content ?? '';
  const found = [
    ...own,
    ...results,
    ...looked(office, chains),
    asJson('posture.json', posture),
    asJson('controls.json', controlMatrix(compliance, posture.checks)),
    asJson('keys.json', { keys: await office.trailFiles.keys() }),
  ];
  const about = { product: await productBuilt(), issuer: office.config.issuer, at: posture.at };
  const files = await sealBundle(found, about, key);
  for (const { name, content } of files) {
    const file = path.join(out, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  process.stdout.write(
    `${files.length} files in ${out}, signed with ${key.kid}; posture: ${posture.status}\n`,
  );
  if (results.length === 0)
    process.stderr.write(
      `without ${TESTS}: the tests did not run before this was built (npm test, then npm run build)\n`,
    );
}

/** The tests that ran for this version, by the rows they name; none where it was built without. */
async function tested(): Promise<Bundled[]> {
  const read = (file: string): Promise<string> => readFile(new URL(file, HOME), 'utf8');
  const content = await read('dist/tests.json').catch(() =>
    read('reports/tests.json').catch(() => undefined),
  );
  return content === undefined ? [] : [{ name: TESTS, content, fixed: true }];
}

async function written(): Promise<Bundled[]> {
  return Promise.all(
    WRITTEN.map(async ([name, file]) => {
      const content = await readFile(new URL(file, HOME), 'utf8').catch(() => {
        throw new UserError(`${file} is not there; run npm run build first`);
      });
      return { name, content, fixed: true };
    }),
  );
}

/** As the build wrote it down; from sources, the version alone is known. */
async function productBuilt(): Promise<Product> {
  const read = async (file: string): Promise<Product> =>
    JSON.parse(await readFile(new URL(file, HOME), 'utf8')) as Product;
  const { name, version, commit } = await read('dist/built.json').catch(() => read('package.json'));
  return { name, version, ...(commit === undefined ? {} : { commit }) };
}

/** What is kept how long, and where the audit log stands. */
function looked({ config }: Pick<Office, 'config'>, reports: readonly ChainReport[]): Bundled[] {
  const { tokens, notices, store, fhirServers, audit } = config;
  const retention = {
    auditLog: 'never removed; the folder audit below store.dataDir',
    decisions: 'never removed; the folder records below store.dataDir',
    tokens,
    notices,
    store: store.driver,
    sentOnTo: audit.delivery.map(({ id }) => id),
  };
  const settings = {
    issuer: config.issuer,
    fhirServers: fhirServers.map(({ id, url, smartVersion, accessTokenFormat, sensitiveKinds }) => ({
      ...{ id, url, smartVersion, accessTokenFormat, sensitiveKinds },
    })),
    fips: config.fips,
    tls: config.listen.tls?.policy ?? 'by a proxy in front',
    time: config.time,
    mfa: config.signIn.mfa,
    limits: config.limits,
  };
  return [
    { ...asJson('retention.json', retention), fixed: true },
    { ...asJson('settings.json', settings), fixed: true },
    asJson(
      'audit-heads.json',
      reports.map(({ chain, head, records, unsigned, fault }) => ({ chain, head, records, unsigned, fault })),
    ),
  ];
}

function asJson(name: string, value: unknown): Bundled {
  return { name, content: `${JSON.stringify(value, null, 2)}\n`, fixed: false };
}

async function verify(folder: string, options: EvidenceOptions): Promise<void> {
  const keys =
    options.keys === undefined
      ? await createTrailFiles(dataDirOf(options)).keys()
      : await readKeysFile(options.keys);
  const names = await filesBelow(folder);
  const report = await checkBundle(
    names,
    (name) => readFile(path.join(folder, name), 'utf8').catch(() => undefined),
    keys,
  );
  if (!report.ok) throw new UserError(`${folder} is not as it was made: ${report.problems.join('; ')}`);
  process.stdout.write(`${report.files} files as they were at ${report.at}, signed with ${report.kid}\n`);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}
