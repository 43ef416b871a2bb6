import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';

import { toldOf, until } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import type { TokenAnswer } from '../../support/flow.ts';
import { serverProcesses, type ServerProcess, type ServerProcesses } from '../../support/node-processes.ts';
import { startRedis, type RedisServer } from '../../support/redis-server.ts';

/** Nodes look every second. */
const FOLLOWED_MS = 1500;
/** How long we go on watching what signs then. */
const AFTER_MS = 300;
/** More than the command needs to end once the keys are written. */
const ROTATING_MS = 1000;
const APPS = 4;

describe('signing keys are rotated while two nodes serve', () => {
  let redis: RedisServer;
  let nodes: ServerProcesses;
  let all: readonly ServerProcess[];
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true });
    nodes = await serverProcesses({ clients: [PUBLIC_APP, RESOURCE_SERVER], redisUrl: redis.url });
    all = [await nodes.start(), await nodes.start()];
  });
  afterAll(async () => {
    await nodes?.remove();
    await redis?.stop();
  });

  const published = async ({ url }: ServerProcess): Promise<JSONWebKeySet> => {
    const headers = { 'x-forwarded-host': new URL(nodes.issuer).host, 'x-forwarded-proto': 'http' };
    return (await (await fetch(`${url}/jwks`, { headers })).json()) as JSONWebKeySet;
  };

  test('[F35] no request fails, each kid was published before it signed, and both nodes follow', async () => {
    const first = await published(all[0]!);
    const signed: { readonly node: number; readonly began: number; readonly idToken: string }[] = [];
    const told = new Set<string>();
    let isOver = false;
    const play = async (tokens: TokenAnswer['body']): Promise<void> => {
      for (let turn = 0, newest = tokens; !isOver; turn += 1) {
        const node = turn % all.length;
        const began = performance.now();
        const answer = await all[node]!.app.refresh(newest.refresh_token);
        told.add(toldOf(answer));
        newest = answer.body;
        signed.push({ node, began, idToken: String(newest['id_token']) });
      }
    };
    const starting = await Promise.all(Array.from({ length: APPS }, () => all[0]!.app.newTokens()));
    const load = starting.map(play);
    const rotated: number[] = [];
    for (const _rotation of [1, 2]) {
      const seen = signed.length;
      await until(() => signed.length > seen + 10, 'there was a steady stream');
      expect(await nodes.run('keys', 'rotate', '--now')).toMatchObject({ code: 0 });
      rotated.push(performance.now());
      await delay(FOLLOWED_MS + AFTER_MS);
    }
    isOver = true;
    await Promise.all(load);
    expect([...told]).toEqual(['200 fine']);

    const sets = await Promise.all(all.map(published));
    const kids = sets.map(({ keys }) => keys.map(({ kid }) => kid).sort());
    expect(kids[1]).toEqual(kids[0]);
    // Who fetched the keys before the first rotation knows what signed after it; whoever fetches them now knows all.
    const [known, latest] = [createLocalJWKSet(first), createLocalJWKSet(sets[0]!)];
    const secondRotation = rotated[1] ?? 0;
    for (const { began, idToken } of signed) {
      await jwtVerify(idToken, latest, { issuer: nodes.issuer });
      if (began < secondRotation - ROTATING_MS) await jwtVerify(idToken, known, { issuer: nodes.issuer });
    }
    // Both have moved on, to the same key, which had been published as the next one.
    const kidsAfter = (from: number, node: number): (string | undefined)[] => {
      const late = signed.filter((one) => one.node === node && one.began > from + FOLLOWED_MS);
      return [...new Set(late.map(({ idToken }) => decodeProtectedHeader(idToken).kid))];
    };
    const moved = kidsAfter(secondRotation, 0);
    expect(moved).toHaveLength(1);
    expect(kidsAfter(secondRotation, 1)).toEqual(moved);
    expect(first.keys.map(({ kid }) => kid)).not.toContain(moved[0]);
  });
});
