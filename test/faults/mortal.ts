import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import type { ConfigInput } from '../../src/config/index.ts';
import { freePort } from '../support/ports.ts';

export interface NodeOrders {
  /** Of its Redis. */
  readonly url: string;
  readonly port: number;
  readonly config: Partial<ConfigInput>;
  readonly durability: { readonly replicas?: number };
}

type Orders = Omit<NodeOrders, 'port'>;

/** A node that can be killed: a process of its own. */
export interface MortalNode {
  readonly url: string;
  /** Ends it at once, in the middle of whatever it does. */
  kill(): Promise<void>;
}

/** @throws Error when it does not start, twice: on a busy machine its Redis may answer too late */
export async function startMortalNode(orders: Orders): Promise<MortalNode> {
  const node = (await startOne(orders)) ?? (await startOne(orders));
  if (!node) throw new Error('a node of its own did not start');
  return node;
}

async function startOne(orders: Orders): Promise<MortalNode | undefined> {
  const port = await freePort();
  const told: NodeOrders = { ...orders, port };
  const child = fork(path.join(import.meta.dirname, 'node.ts'), [JSON.stringify(told)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const exited = once(child, 'exit');
  const isReady = await Promise.race([once(child, 'message').then(() => true), exited.then(() => false)]);
  if (!isReady) return undefined;
  return {
    url: `http://localhost:${port}`,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
