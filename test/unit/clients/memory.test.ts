import { describe, expect, test } from '@jest/globals';

import { rememberClients, type Client } from '../../../src/clients/index.ts';

const client = (name: string): Client =>
  ({ registration: { client_id: 'app', client_name: name }, source: 'stored', disabled: false }) as Client;

function scene() {
  const state = {
    revision: 'a' as string | undefined,
    name: 'first',
    asked: 0,
    onFind: (): void => undefined,
  };
  const registry = {
    find: async () => {
      state.asked += 1;
      const found = client(state.name);
      state.onFind();
      return found;
    },
  };
  const memory = rememberClients(registry, () => state.revision);
  const nameOf = async () => (await memory.find('app'))?.registration.client_name;
  return { state, memory, nameOf };
}

describe('[INT-09] clients that are remembered', () => {
  test('one that has not changed is asked for once', async () => {
    const { state, memory, nameOf } = scene();
    expect(memory.peek('app')).toBeUndefined();
    expect([await nameOf(), await nameOf(), state.asked]).toEqual(['first', 'first', 1]);
    expect(memory.peek('app')?.client?.registration.client_name).toBe('first');
  });

  test('after a change of any client, it is asked for again', async () => {
    const { state, nameOf } = scene();
    await nameOf();
    Object.assign(state, { name: 'second', revision: 'b' });
    expect([await nameOf(), state.asked]).toEqual(['second', 2]);
  });

  test('what was read before a change that is seen meanwhile is not kept', async () => {
    const { state, memory, nameOf } = scene();
    state.onFind = () => void (state.revision = 'b');
    expect(await nameOf()).toBe('first');
    expect(memory.peek('app')).toBeUndefined();
  });

  test('while nobody knows whether something changed, the registry is asked each time', async () => {
    const { state, memory, nameOf } = scene();
    await nameOf();
    state.revision = undefined;
    expect(memory.peek('app')).toBeUndefined();
    expect([await nameOf(), await nameOf(), state.asked]).toEqual(['first', 'first', 3]);
  });
});
