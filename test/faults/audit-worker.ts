// `npm run faults -- --audit`: kills a server that gives out tokens, again and again, and tells its parent of each time.
import { playKills } from './audit-kills.ts';

const { seed, count } = JSON.parse(process.argv[2] ?? '{}') as { seed: number; count: number };
await playKills(count, seed, (result) => process.send?.(result));
if (process.connected) process.disconnect();
