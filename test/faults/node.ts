// One node as a process of its own, for schedules that kill one. Tells its parent when it listens, and ends with it.
import { openRedisStore } from '../../src/store/index.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import type { NodeOrders } from './mortal.ts';

const { url, port, config, durability } = JSON.parse(process.argv[2] ?? '{}') as NodeOrders;
process.on('disconnect', () => process.exit());
await startGatehouse({ open: () => openRedisStore(url, () => undefined, durability) }, config, port);
process.send?.('ready');
