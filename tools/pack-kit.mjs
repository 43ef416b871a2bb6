// `npm run pack:kit [-- <folder>]`: packs the resource-server kit by itself, as `gatehouse-resource-server-<version>.tgz`, into
// the folder (default: dist/kit). It has a package.json of its own, needs Node 22 or later and jose, and nothing else of ours.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ROOT, fail } from './ready.mjs';

const NAME = 'gatehouse-resource-server';
const FRAMEWORKS = ['koa', 'express', 'fastify'];
const out = path.resolve(process.argv[2] ?? path.join(ROOT, 'dist', 'kit'));

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-kit-'));
try {
  compile();
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest(), null, 2));
  writeFileSync(path.join(folder, 'README.md'), readme());
  cpSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  pack();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Only what the entries import is compiled: src/resource-server, src/smart and src/oauth. */
function compile() {
  const source = path.join(ROOT, 'src', 'resource-server');
  const config = path.join(folder, 'tsconfig.json');
  const settings = {
    extends: path.join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      outDir: path.join(folder, 'lib'),
      rootDir: path.join(ROOT, 'src'),
      typeRoots: [path.join(ROOT, 'node_modules', '@types')],
      sourceMap: false,
    },
    include: [],
    files: ['index', ...FRAMEWORKS].map((name) => path.join(source, `${name}.ts`)),
  };
  writeFileSync(config, JSON.stringify(settings));
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [compiler, '-p', config]);
}

function manifest() {
  const { version, license, dependencies } = JSON.parse(
    readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const entry = (name) => ({
    types: `./lib/resource-server/${name}.d.ts`,
    default: `./lib/resource-server/${name}.js`,
  });
  return {
    name: NAME,
    version,
    license,
    description: 'Lets a FHIR server be guarded by Gatehouse: tokens, revocations, scope decisions.',
    type: 'module',
    engines: { node: '>=22' },
    exports: {
      '.': entry('index'),
      ...Object.fromEntries(FRAMEWORKS.map((name) => [`./${name}`, entry(name)])),
      './package.json': './package.json',
    },
    files: ['lib'],
    dependencies: { jose: `^${dependencies.jose}` },
  };
}

function readme() {
  return `# ${NAME}

The resource-server kit of Gatehouse by itself: what a FHIR server needs to be guarded by it.

\`\`\`ts
import { createResourceServer } from '${NAME}';
import { admittedBy, guardExpress } from '${NAME}/express';

const server = createResourceServer({ issuer, fhirBaseUrl, credentials: { clientId, clientSecret } });
app.use('/fhir', guardExpress(server));
\`\`\`

In Gatehouse itself the same is \`gatehouse/resource-server\`; its docs/resource-servers.md explains all of it.
`;
}

function pack() {
  mkdirSync(out, { recursive: true });
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const told = run(command, [
    ...args,
    'pack',
    folder,
    '--pack-destination',
    out,
    '--json',
    '--ignore-scripts',
  ]);
  const [{ filename }] = JSON.parse(told);
  process.stdout.write(`${path.join(out, filename)}\n`);
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: ROOT });
  if (status !== 0) fail(`${path.basename(args[0])} failed: ${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}
