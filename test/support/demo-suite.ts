import { afterAll, beforeAll, expect } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { basic } from './clients.ts';
import { startDemo, type Demo } from './demo.ts';
import { authorize, postForm, redeem, type FlowOptions, type TokenAnswer } from './flow.ts';
import type { DriverName } from './gatehouse.ts';
import type { Ended } from './process.ts';
import { startRedis, type RedisServer } from './redis-server.ts';

export interface DemoSuite {
  readonly demo: Demo;
  /** Runs the command line beside the demo and returns what it printed; fails the test when it fails. */
  cli(...args: string[]): Promise<string>;
  /** What introspection says of a token, asked as the demo's FHIR server. */
  isActive(token: string): Promise<boolean>;
  /** Signs in and allows the app, over HTTP; the answer of the token endpoint. */
  launch(options?: LaunchOptions): Promise<TokenAnswer>;
}

export interface LaunchOptions extends FlowOptions {
  readonly redirectUri?: string;
  readonly secret?: string;
}

/** A demo of its own for a `describe` block, on this store. */
export function demoOn(driver: DriverName): DemoSuite {
  let running: { demo: Demo; redis: RedisServer | undefined; fhirSecret: string } | undefined;
  const current = () => {
    if (!running) throw new Error('the demo runs only while tests do');
    return running;
  };
  beforeAll(async () => {
    const redis = driver === 'redis' ? await startRedis() : undefined;
    const demo = await startDemo(redis ? { REDIS_URL: redis.url } : {});
    const secrets = JSON.parse(await readFile(path.join(demo.dataDir, 'demo-secrets.json'), 'utf8'));
    running = { demo, redis, fhirSecret: secrets.fhirServer };
  });
  afterAll(async () => {
    expect(await running?.demo.stop()).toBe(0);
    await running?.redis?.stop();
  });
  return {
    get demo() {
      return current().demo;
    },
    async cli(...args) {
      const ended = await current().demo.cli(...args);
      expect({ args, ...ended }).toMatchObject({ code: 0 });
      return ended.stdout;
    },
    async isActive(token) {
      const { demo, fhirSecret } = current();
      const caller = basic('demo-fhir-server', fhirSecret);
      const { status, body } = await postForm(`${demo.issuer}/introspect`, { token }, caller);
      expect(status).toBe(200);
      return body['active'] === true;
    },
    launch: (options = {}) => launch(current().demo, options),
  };
}

async function launch({ issuer, fhir, apps }: Demo, options: LaunchOptions): Promise<TokenAnswer> {
  const {
    clientId = 'my-health',
    redirectUri = `${apps}/apps/my-health/index.html`,
    username = 'amy',
    password = `demo-${username}-1`,
    secret,
  } = options;
  const params = { aud: fhir, redirect_uri: redirectUri, ...options.params };
  const authorized = await authorize(issuer, { ...options, clientId, username, password, params });
  const form = { redirect_uri: redirectUri, ...(secret === undefined ? { client_id: clientId } : {}) };
  return redeem(issuer, authorized, form, secret === undefined ? {} : basic(clientId, secret));
}

/** A refused command: not zero, one clear message on standard error, no stack trace, nothing on standard output. */
export function expectRefusal({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect({ code: code === 0 ? 'zero' : 'not zero', stdout }).toEqual({ code: 'not zero', stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s*at |node:internal|Error:/m);
}
