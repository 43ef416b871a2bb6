/**
 * One of several processes that race for the same keys; started by store-driver.test.ts as
 * `node racer.ts <driver> <where> <count>`. Says `ready`, waits for a line, races, and prints what it won.
 */
import { once } from 'node:events';

import { openForCommand, openRedisStore, type RedisPlace } from '../../src/store/index.ts';

const [name, where = '', count] = process.argv.slice(2);
const driver =
  name === 'redis'
    ? await openRedisStore(JSON.parse(where) as RedisPlace, () => undefined)
    : await openForCommand(where);
process.stdout.write('ready\n');
await once(process.stdin, 'data');

const won: Record<'taken' | 'added' | 'committed', number[]> = { taken: [], added: [], committed: [] };
for (let at = 0; at < Number(count); at += 1) {
  if (await driver.take(`take:${at}`)) won.taken.push(at);
  if (await driver.putIfAbsent({ key: `add:${at}`, value: Uint8Array.of(1) })) won.added.push(at);
  const outcome = await driver.commit({
    mode: 'issue',
    deadKey: `{${at}}:dead`,
    deadTtlSeconds: 60,
    consume: [{ key: `{${at}}:used`, ttlSeconds: 60 }],
    puts: [],
    removes: [],
  });
  if (outcome === 'committed') won.committed.push(at);
}
await driver.close();
process.stdout.write(`${JSON.stringify(won)}\n`, () => process.exit(0));
