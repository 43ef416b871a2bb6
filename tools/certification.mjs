// `npm run certification`: what a certification run needs, over TLS and ready for the test kit: see docs/certification.md.
// Certificates and secrets are made once, in .data/certification, unless they are there.
//   npm run certification -- --host auth.example.org      certificates for that name, beside localhost
//   npm run certification -- --config my-run.yaml         a copy of config/certification.yaml with other addresses
//   npm run certification -- --folder DIR                 where certificates, secrets and the store are kept
import { spawn } from 'node:child_process';
import { X509Certificate, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { makeCertificate } from './certificate.mjs';
import { ROOT, fail, makeReady } from './ready.mjs';

const DEFAULT_CONFIG = path.join('config', 'certification.yaml');
const DEFAULT_FOLDER = path.join('.data', 'certification');
const { values } = readOptions({
  options: {
    host: { type: 'string', multiple: true, default: [] },
    config: { type: 'string', default: DEFAULT_CONFIG },
    'apps-port': { type: 'string', default: '3445' },
    folder: { type: 'string', default: DEFAULT_FOLDER },
  },
});
if (values.folder !== DEFAULT_FOLDER && values.config === DEFAULT_CONFIG)
  fail(`--folder needs a --config that names that folder: copy ${DEFAULT_CONFIG} and change its paths`);
const FOLDER = path.resolve(ROOT, values.folder);
const SECRETS = ['store_secret', 'cookie_keys', 'inferno_secret', 'introspection_secret'];

const node = makeReady();
mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
for (const name of SECRETS) keep(name, () => randomBytes(36).toString('base64url'));
const hosts = ['localhost', '127.0.0.1', ...values.host];
if (!isCertifiedFor(hosts)) {
  const made = await makeCertificate(hosts);
  write('authority.pem', made.authority);
  write('certificate.pem', `${made.certificate.trim()}\n${made.authority.trim()}\n`);
  write('key.pem', made.key);
}

const main = path.join(ROOT, 'src', 'main.ts');
const args = ['demo', '--config', path.resolve(values.config), '--data-dir', FOLDER];
const child = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', main, ...args, '--apps-port', values['apps-port']],
  {
    stdio: 'inherit',
    cwd: ROOT,
    // The parts talk to each other over TLS too.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(FOLDER, 'authority.pem') },
  },
);
// Ctrl+C reaches the server by itself; we wait for it to end. Other signals are passed on.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

function readOptions(options) {
  try {
    return parseArgs(options);
  } catch (error) {
    return fail(
      `${error.message}\nOptions: --host NAME (several), --config FILE, --folder DIR, --apps-port PORT`,
    );
  }
}

/** Is there a certificate for all of these that has not expired? */
function isCertifiedFor(names) {
  if (['authority.pem', 'certificate.pem', 'key.pem'].some((name) => !existsSync(path.join(FOLDER, name))))
    return false;
  const certificate = new X509Certificate(readFileSync(path.join(FOLDER, 'certificate.pem')));
  const covers = (name) =>
    isIP(name) ? certificate.checkIP(name) !== undefined : certificate.checkHost(name) !== undefined;
  return certificate.validToDate > new Date() && names.every(covers);
}

function keep(name, make) {
  if (!existsSync(path.join(FOLDER, name))) write(name, `${make()}\n`);
}

function write(name, text) {
  writeFileSync(path.join(FOLDER, name), text, { mode: 0o600 });
}
