import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';

import { openEmbeddedStore } from '../../src/store/index.ts';
import { runGatehouse } from '../support/process.ts';
import { serveFolder, startServe, type ServeFolder } from '../support/serve.ts';

const KEYS = 'gh:{keys}:signing';

/** What the store of a stopped server holds as its signing keys; another value takes its place. */
async function keysAt(folder: ServeFolder, value?: Uint8Array): Promise<string> {
  const driver = openEmbeddedStore(path.join(folder.dir, 'data'));
  try {
    if (value) await driver.put({ key: KEYS, value });
    const [kept] = await driver.getMany([KEYS]);
    return Buffer.from(kept ?? []).toString('base64');
  } finally {
    await driver.close();
  }
}

const edit = (value: Buffer): Buffer => Buffer.from(value.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));

describe('signing keys that cannot be read', () => {
  let folder: ServeFolder | undefined;
  afterEach(() => folder?.remove());

  test.each<[string, (value: Buffer) => Buffer]>([
    ['were edited', edit],
    ['were cut short', (value) => value.subarray(0, 200)],
    ['are written in the clear', () => Buffer.from('{"version":1,"keys":[]}')],
  ])('[F34] that %s: no server starts, it says so, and makes none in their place', async (_what, change) => {
    const here = (folder = await serveFolder());
    const first = await startServe(here);
    const published = async (issuer: string): Promise<unknown> => (await fetch(`${issuer}/jwks`)).json();
    const before = await published(first.issuer);
    await first.stop();

    const good = await keysAt(here);
    const bad = change(Buffer.from(good, 'base64'));
    await keysAt(here, bad);
    const refused = await runGatehouse(['serve', '--config', here.config]);
    expect(refused.code).toBe(78);
    expect(refused.stderr).toMatch(/^gatehouse: .*gh:\{keys\}:signing/m);
    expect(refused.stdout + refused.stderr).toContain('ALARM: a value in the store was edited or moved');
    expect(await keysAt(here)).toBe(bad.toString('base64'));

    await keysAt(here, Buffer.from(good, 'base64'));
    const again = await startServe(here);
    expect(await published(again.issuer)).toEqual(before);
    await again.stop();
  });
});
