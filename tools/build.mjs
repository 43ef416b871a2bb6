// `npm run build`: compiles src into dist and puts beside it what is no TypeScript: pages and files of the demo, and the
// list of what we are made of.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT, fail, makeReady } from './ready.mjs';

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
writeFileSync(path.join(dist, 'sbom.cdx.json'), billOfMaterials());
process.stdout.write('built into dist\n');

/** What we are made of, in CycloneDX, from the lock file alone; without what npm makes up anew each time. */
function billOfMaterials() {
  const args = [
    'sbom',
    '--sbom-format',
    'cyclonedx',
    '--omit',
    'dev',
    '--package-lock-only',
    '--workspaces=false',
  ];
  const { status: ended, stdout, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
  if (ended !== 0) fail(`npm sbom: ${stderr}`);
  const { serialNumber: _number, metadata, ...bill } = JSON.parse(stdout);
  const { timestamp: _moment, ...lasting } = metadata;
  return `${JSON.stringify({ ...bill, metadata: lasting }, null, 2)}\n`;
}
