// Kills a real server at random moments while it gives out tokens, and looks for each of them in its audit log.
import { spawn } from 'node:child_process';
import path from 'node:path';

import { ROOT } from './ready.mjs';

/** @returns whether no token reached a client without its record, and the log was as it was written */
export async function playAuditKills(node, { seed, count }) {
  process.stdout.write(`audit: seed ${seed}, ${count} kills\n`);
  const file = path.join(ROOT, 'test', 'faults', 'audit-worker.ts');
  const orders = JSON.stringify({ seed, count });
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', file, orders], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const all = { kills: 0, given: 0, problems: 0 };
  child.on('message', ({ kill, given, problems }) => {
    all.kills += 1;
    all.given += given;
    all.problems += problems.length;
    for (const problem of problems) process.stdout.write(`kill ${kill}: ${problem}\n`);
    if (all.kills % 20 === 0) process.stdout.write(`${all.kills} of ${count} kills, ${all.given} tokens\n`);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  process.stdout.write(
    `${all.kills} kills, ${all.given} tokens that reached a client, ${all.problems} problems\n`,
  );
  return code === 0 && all.kills === count && all.problems === 0;
}
