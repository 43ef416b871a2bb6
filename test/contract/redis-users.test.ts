import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { StoreUnavailable, openRedisStore, type RedisPlace } from '../../src/store/index.ts';
import { makeCertificate } from '../support/certificate.ts';
import { freePort } from '../support/ports.ts';
import { startRedis, startSentinel, type RedisServer } from '../support/redis-server.ts';
import { openQuietly } from './stores.ts';

const PASSWORD = 'hunter2@/:%';
const ENCODED = encodeURIComponent(PASSWORD);
/** What docs/operating.md says an ACL user needs, and an operator; everyone else may see that Redis is there. */
const USERS = [
  'default on nopass -@all +ping',
  `gatehouse on >${PASSWORD} ~* &* +@all -@admin -@dangerous +info +cluster|info +cluster|slots`,
  `operator on >${PASSWORD} ~* &* +@all`,
];

describe.each(placesOfNobody())('nobody there, %s', (_name, place) => {
  test('[F01] [SEC-11] is said at once, with where and without the password', async () => {
    const error = await openQuietly(place).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toContain('127.0.0.1:1');
    expect(String(error)).toMatch(/ECONNREFUSED/);
    expect(String(error)).not.toContain('hunter2');
  });
});

function placesOfNobody(): [string, RedisPlace][] {
  return [
    ['one Redis', `redis://gatehouse:${ENCODED}@127.0.0.1:1/3`],
    ['sentinels', { sentinels: ['127.0.0.1:1'], master: 'gatehouse', password: PASSWORD }],
    ['a cluster', { clusterNodes: [`redis://gatehouse:${ENCODED}@127.0.0.1:1`] }],
  ];
}

describe('over TLS, as an ACL user', () => {
  let folder: string;
  const started: RedisServer[] = [];
  const places = new Map<string, (password: string) => RedisPlace>();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-redis-tls-'));
    const tls = await writeCertificate(folder);
    const users = USERS.flatMap((user) => ['--user', ...user.split(' ')]);
    const start = async (args: readonly string[]): Promise<{ server: RedisServer; port: number }> => {
      const port = await freePort();
      const flags = [...tls, ['tls-port', String(port)]].flatMap(([name = '', value = '']) => [
        `--${name}`,
        value,
      ]);
      const server = await startRedis({ args: [...users, ...flags, ...args] });
      started.push(server);
      return { server, port };
    };
    const one = await start([]);
    const sentinelPort = await freePort();
    const watcher = await startSentinel([
      ...tls.map((line) => line.join(' ')),
      `tls-port ${sentinelPort}`,
      ...USERS.map((user) => `user ${user}`.replace('+cluster|info +cluster|slots', '+sentinel')),
      `sentinel monitor gatehouse 127.0.0.1 ${one.port} 1`,
      'sentinel auth-user gatehouse operator',
      `sentinel auth-pass gatehouse ${PASSWORD}`,
    ]);
    started.push(watcher);
    const busPort = await freePort();
    // A node that is alone does not know its own address.
    const cluster = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    const node = await start([...cluster, '--cluster-port', String(busPort)]);
    await dealAllSlots(node.server);

    places.set('one', (word) => `rediss://gatehouse:${word}@127.0.0.1:${one.port}`);
    places.set('sentinel', (word) => ({
      sentinels: [`127.0.0.1:${sentinelPort}`],
      master: 'gatehouse',
      username: 'gatehouse',
      password: decodeURIComponent(word),
      sentinelUsername: 'gatehouse',
      sentinelPassword: PASSWORD,
      tls: true,
      database: 1,
    }));
    places.set('cluster', (word) => ({
      clusterNodes: [`rediss://gatehouse:${word}@127.0.0.1:${node.port}`],
    }));
  });
  afterAll(async () => {
    await Promise.all(started.map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  /** In a process of its own: which authorities are trusted is read when one starts. */
  const raceAlone = (kind: string, password: string, authority: string): { won: string; said: string } => {
    const place = places.get(kind)?.(password);
    const script = path.join(import.meta.dirname, 'racer.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [script, 'redis', JSON.stringify(place), '3'], {
      input: 'go\n',
      encoding: 'utf8',
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
    });
    return { won: stdout.split('\n')[1] ?? '', said: stderr };
  };
  const authority = (): string => path.join(folder, 'authority.pem');

  test.each(['one', 'sentinel', 'cluster'])(
    '[C2.10] [SEC-11] %s: trusted and known it works, else it does not, and the password is not told',
    (kind) => {
      const { won, said } = raceAlone(kind, ENCODED, authority());
      expect({ won, said }).toMatchObject({
        said: '',
        won: JSON.stringify({ taken: [], added: [0, 1, 2], committed: [0, 1, 2] }),
      });
      const stranger = raceAlone(kind, ENCODED, path.join(folder, 'none.pem'));
      expect([stranger.won, stranger.said]).toEqual(['', expect.stringMatching(/StoreUnavailable/)]);
      const unknown = raceAlone(kind, 'hunter3', authority());
      expect([unknown.won, unknown.said]).toEqual(['', expect.stringMatching(/WRONGPASS/)]);
      expect(stranger.said + unknown.said).not.toMatch(/hunter/);
    },
  );
});

async function writeCertificate(folder: string): Promise<[name: string, value: string][]> {
  const { authority, certificate, key } = await makeCertificate(['127.0.0.1']);
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text);
    return file;
  };
  return [
    ['tls-ca-cert-file', await write('authority.pem', authority)],
    ['tls-cert-file', await write('certificate.pem', certificate)],
    ['tls-key-file', await write('key.pem', key)],
    ['tls-auth-clients', 'no'],
    ['tls-replication', 'yes'],
    ['tls-cluster', 'yes'],
  ];
}

async function dealAllSlots({ port }: RedisServer): Promise<void> {
  const redis = new Redis(port, '127.0.0.1', { username: 'operator', password: PASSWORD });
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  while (!(await redis.cluster('INFO')).includes('cluster_state:ok'));
  redis.disconnect();
}

test('[C2.10] [F08] a user who may not publish is a concern: a revocation would be half done', async () => {
  const server = await startRedis({ appendOnly: true });
  const open = (user: string) =>
    openRedisStore(`redis://${user}:word@127.0.0.1:${server.port}`, () => undefined);
  await server.tell('ACL SETUSER silent on >word ~* resetchannels +@all');
  await server.tell('ACL SETUSER usual on >word ~* &gh:* +@all');
  const [silent, usual] = [await open('silent'), await open('usual')];
  const concern = expect.stringMatching(
    /^its user may not publish to gh:ended, and every revocation would fail/,
  );
  expect(await silent.concerns()).toContainEqual(concern);
  expect(await usual.concerns()).not.toContainEqual(concern);
  await Promise.all([silent.close(), usual.close()]);
  await server.stop();
});
