/**
 * Commits as fast as it can until it is killed; started by kill.test.ts as `node committer.ts <folder> <first>`. Each commit
 * redeems a code, writes tokens and the next family, and takes the family before it away. Says the number of each commit
 * once it was acknowledged.
 */
import { writeSync } from 'node:fs';

import { openForServer } from '../../src/store/index.ts';

const TTL_SECONDS = 3600;
/** As large as a grant with its tokens: some commits reach over pages, and the log is folded into the file in between. */
const VALUE_BYTES = 1500;

const [folder = '', first = '0'] = process.argv.slice(2);
const driver = await openForServer(folder);
for (let at = Number(first); ; at += 1) {
  const value = Buffer.alloc(VALUE_BYTES, `${at} `);
  const outcome = await driver.commit({
    mode: 'issue',
    deadKey: `gh:{g${at}}:dead`,
    deadTtlSeconds: TTL_SECONDS,
    consume: [{ key: `gh:{g${at}}:used`, ttlSeconds: TTL_SECONDS }],
    puts: [
      { key: `gh:{g${at}}:at`, value, ttlSeconds: TTL_SECONDS },
      { key: `gh:{g${at}}:grant`, value },
      { key: `gh:{g${at + 1}}:family`, value },
    ],
    removes: [`gh:{g${at}}:family`],
  });
  if (outcome !== 'committed') throw new Error(`commit ${at} was ${outcome}`);
  // At once, and by the system: what a killed process has not flushed was told to nobody.
  writeSync(1, `${at}\n`);
}
