import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import { ConfigProblems, loadConfig, type Config } from '../../../src/config/index.ts';

const BASE = `issuer: https://auth.example.org
secrets: { store: kX0vYpQ7mB3nZ8sT1wR6uL5hG2fD9cA4, cookies: [pL9oK8iJ7uH6yG5tF4rD3eS2wA1qZ0xC] }
fhirServers: [{ id: main, url: https://ehr.example.org/fhir/r4 }]
`;
const SENTINEL = `  redisSentinel:
    nodes: [s1:26379, '[::1]:26380']
    master: gatehouse
`;

type Env = Readonly<Record<string, string>>;

function load(yaml: string, env: Env = {}, files: Env = {}): Config['store'] {
  const all: Env = { 'gatehouse.yaml': BASE + yaml, ...files };
  return loadConfig({ file: 'gatehouse.yaml', env, readFile: (path) => all[path] ?? '' }).store;
}

function problemsOf(yaml: string, env: Env = {}): readonly string[] {
  try {
    load(yaml, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
}

describe('behind sentinels', () => {
  test('[F43] [C2.10] is said in the file', () => {
    const store = load(`store:\n  driver: redis\n${SENTINEL}    username: gh\n    tls: true\n`);
    expect(store).toMatchObject({
      driver: 'redis',
      redisSentinel: {
        nodes: ['s1:26379', '[::1]:26380'],
        master: 'gatehouse',
        username: 'gh',
        tls: true,
        database: 0,
      },
    });
  });

  test('[F43] or by variables, which choose the driver with it', () => {
    const store = load('', {
      REDIS_SENTINELS: 's1:26379, s2:26379',
      REDIS_MASTER_NAME: 'gatehouse',
      REDIS_MASTER_USERNAME: 'gh',
      REDIS_MASTER_PASSWORD: 'Zq7-one',
      REDIS_SENTINEL_USERNAME: 'watch',
      REDIS_SENTINEL_PASSWORD: 'Zq7-two',
      REDIS_SENTINEL_TLS: 'true',
    });
    expect(store.driver).toBe('redis');
    const { password, sentinelPassword, ...plain } = store.redisSentinel!;
    expect(plain).toEqual({
      nodes: ['s1:26379', 's2:26379'],
      master: 'gatehouse',
      username: 'gh',
      sentinelUsername: 'watch',
      tls: true,
      database: 0,
    });
    expect([password?.reveal(), sentinelPassword?.reveal()]).toEqual(['Zq7-one', 'Zq7-two']);
    expect(inspect(store, { depth: 9 }) + JSON.stringify(store)).not.toContain('Zq7');
  });

  test('[SEC-11] passwords may stand in files', () => {
    const yaml = `store:\n${SENTINEL}    passwordFile: /run/one\n    sentinelPasswordFile: /run/two\n`;
    const { redisSentinel } = load(yaml, {}, { '/run/one': 'Zq7-one\n', '/run/two': 'Zq7-two\n' });
    expect([redisSentinel?.password?.reveal(), redisSentinel?.sentinelPassword?.reveal()]).toEqual([
      'Zq7-one',
      'Zq7-two',
    ]);
    const env = { REDIS_MASTER_PASSWORD_FILE: '/run/one' };
    expect(load(`store:\n${SENTINEL}`, env, { '/run/one': 'x\n' }).redisSentinel?.password?.reveal()).toBe(
      'x',
    );
  });
});

describe('a cluster', () => {
  const NODES = ['rediss://gh:Zq7@c1:6379', 'rediss://gh:Zq7@c2:6380/'];

  test.each([
    [
      'in the file',
      `store:\n  driver: redis\n  redisCluster: { nodes: ['${NODES.join("', '")}'] }\n`,
      {},
      {},
    ],
    ['by a variable', '', { REDIS_CLUSTER_NODES: NODES.join(',') }, {}],
    ['by the file of a variable', '', { REDIS_CLUSTER_NODES_FILE: '/run/x' }, { '/run/x': NODES.join('\n') }],
    [
      'by a file of its own',
      'store:\n  driver: redis\n  redisCluster:\n    nodesFile: /run/x\n',
      {},
      { '/run/x': `${NODES.join('\n')}\n` },
    ],
  ])('[F43] [SEC-11] is said %s', (_where, yaml, env, files) => {
    const store = load(yaml, env, files);
    expect(store.driver).toBe('redis');
    expect(store.redisCluster?.nodes.map((node) => node.reveal())).toEqual(NODES);
    expect(inspect(store, { depth: 9 }) + JSON.stringify(store)).not.toContain('Zq7');
  });
});

describe('problems', () => {
  test.each([
    // what is wrong        below `store:` (line 4)                          problem
    [
      'two at once',
      `  redisUrl: redis://r\n${SENTINEL}`,
      'gatehouse.yaml:7:5 store.redisSentinel: also set as redisUrl; keep one',
    ],
    [
      'no sentinel',
      SENTINEL.replace(/\[s1.*/, '[]'),
      'gatehouse.yaml:6:12 store.redisSentinel.nodes: name at least one sentinel',
    ],
    [
      'a sentinel with a password',
      SENTINEL.replace('s1:26379', "'redis://:Zq7@s1:1'"),
      'gatehouse.yaml:6:13 store.redisSentinel.nodes.0: must be host:port, such as sentinel-1.example:26379',
    ],
    [
      'no name of the primary',
      SENTINEL.replace(/ {4}master.*\n/, ''),
      'gatehouse.yaml:6:5 store.redisSentinel.master: is missing',
    ],
    [
      'a node of something else',
      "  redisCluster: { nodes: [redis://c1, 'http://:Zq7@c2'] }\n",
      'gatehouse.yaml:5:39 store.redisCluster.nodes.1: must begin with redis:// or rediss://',
    ],
    [
      'a database of a cluster',
      '  redisCluster: { nodes: [redis://c1/3] }\n',
      'gatehouse.yaml:5:27 store.redisCluster.nodes.0: must name no database: a cluster has one only',
    ],
    [
      'two users',
      "  redisCluster: { nodes: [redis://c1, 'redis://:Zq7@c2'] }\n",
      'gatehouse.yaml:5:39 store.redisCluster.nodes.1: must have the scheme, user and password of the first',
    ],
    [
      'no node',
      '  redisCluster: { nodes: [] }\n',
      'gatehouse.yaml:5:26 store.redisCluster.nodes: name at least one node',
    ],
  ])('[F43] [SEC-11] %s is reported by its place, without what is secret', (_what, yaml, problem) => {
    expect(problemsOf(`store:\n${yaml}`)).toEqual([problem]);
  });

  test('[F43] a variable beside the file is one too many, by its name', () => {
    const env = { REDIS_CLUSTER_NODES: 'redis://:Zq7@c1' };
    expect(problemsOf(`store:\n${SENTINEL}`, env)).toEqual([
      'REDIS_CLUSTER_NODES (environment) store.redisCluster: also set as redisSentinel; keep one',
    ]);
    expect(problemsOf('', { ...env, REDIS_URL: 'redis://r' })).toEqual([
      'REDIS_CLUSTER_NODES (environment) store.redisCluster: also set as redisUrl; keep one',
    ]);
  });
});
