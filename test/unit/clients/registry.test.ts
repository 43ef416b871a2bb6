import { describe, expect, test } from '@jest/globals';
import {
  clientRegistration,
  createClientRegistry,
  hashSecret,
  secretMatches,
  type ClientRegistration,
  type ClientStore,
} from '../../../src/clients/index.ts';

const SECRET = 'a-secret-of-enough-length';
const registration = (id: string, name = id): ClientRegistration =>
  clientRegistration.parse({
    client_id: id,
    client_name: name,
    redirect_uris: ['https://app.example/cb'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: SECRET,
  });

describe('client secrets', () => {
  const kept = hashSecret(registration('app')).client_secret ?? '';

  test('[SEC-11] only a hash is kept, and hashing it again changes nothing', () => {
    expect(kept).toMatch(/^sha256:[A-Za-z0-9_-]{43}$/);
    expect(hashSecret({ ...registration('app'), client_secret: kept }).client_secret).toBe(kept);
  });

  test('[SEC-11] a client without a secret gets none', () => {
    const { client_secret: _secret, ...open } = registration('app');
    expect(hashSecret(open)).toBe(open);
  });

  test.each([
    [SECRET, true],
    [`${SECRET}x`, false],
    [SECRET.slice(0, -1), false],
    [SECRET.toUpperCase(), false],
    [` ${SECRET}`, false],
    ['', false],
    ['x'.repeat(100_000), false],
    [kept, false],
  ])('[A126] sent %j: %s', (sent, matches) => {
    expect(secretMatches(kept, sent)).toBe(matches);
  });

  test.each(['', SECRET, 'sha256:', 'sha256:short', `sha256:${'A'.repeat(44)}`, 'md5:x'])(
    '[A126] a kept %j matches nothing, itself included',
    (broken) => {
      expect([secretMatches(broken, SECRET), secretMatches(broken, broken)]).toEqual([false, false]);
    },
  );
});

describe('createClientRegistry', () => {
  const asked: string[] = [];
  const store = (
    stored: readonly ClientRegistration[],
    disabled: readonly string[] = [],
  ): Pick<ClientStore, 'find' | 'list'> => ({
    find: async (id) => {
      asked.push(id);
      return {
        registration: stored.find(({ client_id }) => client_id === id),
        disabled: disabled.includes(id),
      };
    },
    list: async () => stored.map(({ client_id }) => client_id),
  });

  test('[CRG-12] a configured client wins over a stored one of the same id', async () => {
    const registry = createClientRegistry(
      [registration('app', 'Configured')],
      store([registration('app', 'Stored')]),
    );
    const client = await registry.find('app');
    expect(client).toMatchObject({ source: 'configured', registration: { client_name: 'Configured' } });
    expect(await registry.list()).toHaveLength(1);
  });

  test('[SEC-11] the secret of a configured client is a hash from the start', async () => {
    const client = await createClientRegistry([registration('app')], store([])).find('app');
    expect(client?.registration.client_secret).toMatch(/^sha256:/);
  });

  test('[A020] a configured client can be disabled too', async () => {
    const registry = createClientRegistry([registration('app')], store([registration('other')], ['app']));
    expect(await registry.find('app')).toMatchObject({ disabled: true });
    expect(await registry.find('other')).toMatchObject({ disabled: false, source: 'stored' });
  });

  test('[A001] an unknown client is not there; a text that cannot be an id is not even looked up', async () => {
    const registry = createClientRegistry([], store([]));
    asked.length = 0;
    expect(await registry.find('nobody')).toBeUndefined();
    expect(await registry.find('a}b')).toBeUndefined();
    expect(await registry.find('')).toBeUndefined();
    expect(asked).toEqual(['nobody']);
  });

  test('[CRG-12] the list is in order and leaves out what vanished meanwhile', async () => {
    const stored = store([registration('b')]);
    const registry = createClientRegistry([registration('c'), registration('a')], {
      ...stored,
      list: async () => ['gone', 'b'],
    });
    expect((await registry.list()).map((client) => client.registration.client_id)).toEqual(['a', 'b', 'c']);
  });
});
