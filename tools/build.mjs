// `npm run build`: compiles src into dist and puts beside it what is no TypeScript: pages and files of the demo, and the
// list of what we are made of.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { REPORT, ROOT, fail, makeReady } from './ready.mjs';

const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
// The image installs by itself, with the Node of its base.
const node = existsSync(compiler) ? process.execPath : makeReady();

const dist = path.join(ROOT, 'dist');
rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(node, [compiler, '-p', 'tsconfig.json'], { cwd: ROOT, stdio: 'inherit' });
if (status !== 0) fail('the build failed; the lines above say why');

for (const folder of ['pages', 'public']) {
  const from = path.join(ROOT, 'src', 'demo', 'apps', folder);
  cpSync(from, path.join(dist, 'demo', 'apps', folder), { recursive: true });
}
const assets = path.join(dist, 'demo', 'apps', 'assets');
mkdirSync(assets, { recursive: true });
const fhirClient = path.join(ROOT, 'node_modules', 'fhirclient', 'build', 'fhir-client.min.js');
cpSync(fhirClient, path.join(assets, 'fhir-client.min.js'));
// Of the last run of the tests, where there was one: it is part of what an auditor is handed.
if (existsSync(path.join(ROOT, REPORT))) cpSync(path.join(ROOT, REPORT), path.join(dist, 'tests.json'));
const { status: listed } = spawnSync(process.execPath, [path.join(ROOT, 'tools', 'sbom.mjs')], {
  stdio: 'inherit',
});
if (listed !== 0) fail('the list of what we are made of could not be written');
process.stdout.write('built into dist\n');
