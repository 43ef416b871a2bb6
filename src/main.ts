#!/usr/bin/env node
/**
 * The process. Checks that this Node can run us before anything is loaded that only a newer one has, then hands over
 * to the command line.
 */
const OLDEST_NODE = 24;

const major = Number(process.versions.node.split('.')[0]);
if (major < OLDEST_NODE) {
  process.stderr.write(
    `gatehouse needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}
const { run } = await import('./cli/index.ts');
process.exitCode = await run(process.argv);

export {};
