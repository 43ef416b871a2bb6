// `node tools/sbom.mjs`: writes what we are made of to dist/sbom.cdx.json, in CycloneDX, from the lock file alone, and what this
// is, with the commit it is built from (or COMMIT, where there is no repository), to dist/built.json. Part of `npm run build`. The same lock file gives the same list: what npm makes up anew each time is left out.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT, fail } from './ready.mjs';

const ARGS = [
  ...['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'],
  ...['--package-lock-only', '--workspaces=false'],
];
const { status, stdout, stderr } = spawnSync('npm', ARGS, { cwd: ROOT, encoding: 'utf8' });
if (status !== 0) fail(`npm sbom: ${stderr}`);
const { serialNumber: _number, metadata, ...bill } = JSON.parse(stdout);
const { timestamp: _moment, tools: _version, ...lasting } = metadata;
const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
// npm names it by the folder it lies in.
lasting.component = { ...lasting.component, type: 'application', name, version };
mkdirSync(path.join(ROOT, 'dist'), { recursive: true });
writeFileSync(
  path.join(ROOT, 'dist', 'sbom.cdx.json'),
  `${JSON.stringify({ ...bill, metadata: lasting }, null, 2)}\n`,
);

const head = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
const commit = process.env.COMMIT || (head.status === 0 ? head.stdout.trim() : undefined);
writeFileSync(path.join(ROOT, 'dist', 'built.json'), `${JSON.stringify({ name, version, commit })}\n`);
