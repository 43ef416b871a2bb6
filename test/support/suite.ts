import { afterAll, beforeAll } from '@jest/globals';

import type { ConfigInput } from '../../src/config/index.ts';
import { startGatehouse, testStore, type DriverName, type TestServer, type TestStore } from './gatehouse.ts';
import { freePort } from './ports.ts';

export interface Suite {
  readonly server: TestServer;
  readonly store: TestStore;
  readonly port: number;
}

/** A server of its own for a `describe` block, started before its tests and stopped after them. */
export function gatehouseOn(
  driver: DriverName,
  configure: (issuer: string) => Partial<ConfigInput> | Promise<Partial<ConfigInput>> = () => ({}),
  options: Parameters<typeof startGatehouse>[3] = {},
): Suite {
  let running: Suite | undefined;
  const current = (): Suite => {
    if (!running) throw new Error('the server runs only while tests do');
    return running;
  };
  beforeAll(async () => {
    const port = await freePort();
    const store = await testStore(driver);
    const overrides = await configure(`http://localhost:${port}`);
    running = { store, port, server: await startGatehouse(store, overrides, port, options) };
  });
  afterAll(async () => {
    await running?.server.close();
    await running?.store.dispose();
  });
  return {
    get server() {
      return current().server;
    },
    get store() {
      return current().store;
    },
    get port() {
      return current().port;
    },
  };
}
