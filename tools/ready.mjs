// What every command of a fresh clone needs first: dependencies that match the lockfile, and a Node new enough. Plain
// JavaScript without imports of ours, since it runs on whatever Node the machine has.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(
  import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
  '..',
);
/** The tests that ran last, by the rows they name. */
export const REPORT = 'reports/tests.json';
const OLDEST_FOR_SCRIPTS = 20;
const OLDEST_FOR_GATEHOUSE = 24;

export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Installs what is missing, showing progress, and returns the Node to run Gatehouse with. */
export function makeReady() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_FOR_SCRIPTS) {
    fail(
      `Gatehouse needs Node.js ${OLDEST_FOR_SCRIPTS} or newer to set itself up; this is ${process.versions.node}.`,
    );
  }
  installWhenNeeded();
  return findNode();
}

function installWhenNeeded() {
  const modules = path.join(ROOT, 'node_modules');
  const marker = path.join(modules, '.gatehouse-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  try {
    accessSync(existsSync(modules) ? modules : ROOT, constants.W_OK);
  } catch {
    fail(
      `Gatehouse may not write to ${ROOT}, where its dependencies go. Clone it into a folder of your own.`,
    );
  }
  process.stdout.write('Installing dependencies (once, about a minute) …\n');
  if (runNpmCi() !== 0) fail('Installing the dependencies failed; the lines above say why.');
  writeFileSync(marker, wanted);
}

/** Runs `npm ci`. On a terminal npm shows its own progress; elsewhere a dot every two seconds says that it goes on. */
function runNpmCi() {
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const dots = process.stdout.isTTY ? undefined : startDots();
  try {
    // Warnings about engines would only puzzle: the Node that runs Gatehouse is among what is being installed.
    const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    return spawnSync(command, [...args, ...options], { cwd: ROOT, stdio: 'inherit' }).status;
  } finally {
    dots?.kill();
    if (dots) process.stdout.write('\n');
  }
}

/** A process of its own, since this one waits for npm. It ends with us, whatever happens. */
function startDots() {
  const tick = `const parent = process.ppid;
    setInterval(() => { if (process.ppid !== parent) process.exit(); process.stdout.write('.'); }, 2000)`;
  return spawn(process.execPath, ['-e', tick], { stdio: ['ignore', 'inherit', 'ignore'] });
}

/** The pinned Node that came with the dependencies; where there is none for this machine, the one that runs us. */
function findNode() {
  const pinned = path.join(ROOT, 'node_modules', '.bin', 'node');
  if (existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_FOR_GATEHOUSE) return process.execPath;
  return fail(
    `Gatehouse needs Node.js ${OLDEST_FOR_GATEHOUSE} or newer on this kind of machine; this is ${process.versions.node}.`,
  );
}
