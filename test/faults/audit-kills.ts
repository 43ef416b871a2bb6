import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { openEmbeddedStore, openKeyRing } from '../../src/store/index.ts';
import { appOf, until } from '../support/app.ts';
import { auditLogOf, verifiedLog } from '../support/audit-disk.ts';
import { ASSERTION_TYPE, keyedClient, type KeyedClient } from '../support/clients.ts';
import { postForm, type TokenAnswer } from '../support/flow.ts';
import { FHIR } from '../support/gatehouse.ts';
import {
  SERVED_CLIENTS,
  STORE_SECRET,
  addAmy,
  serveFolder,
  startServe,
  type ServeFolder,
} from '../support/serve.ts';
import { createRandom } from './random.ts';

export interface KillResult {
  readonly kill: number;
  /** So many tokens reached a client since the kill before. */
  readonly given: number;
  /** What must not be: a token without its record, a log that was not as it was written. */
  readonly problems: readonly string[];
}

const NO_LIMITS = 'limits: { tokensPerClient: 0, authorizationsPerAddress: 0, failuresPerAddress: 0 }';
/** Apps that ask at the same time: some keep coming back, the others are backends. */
const REFRESHING = 3;
const BACKENDS = 3;
/** So many tokens at most before it is killed, and so long after: a token takes a few milliseconds. */
const MOST_TOKENS = 40;
const LATEST_MS = 15;
const BUSY_MS = 20;

/**
 * Kills a real server at random moments while it gives out tokens, and looks in its audit log for each that reached a
 * client. The same server goes on with the same files.
 */
export async function playKills(
  kills: number,
  seed: number,
  onResult: (result: KillResult) => void,
): Promise<void> {
  const backend = await keyedClient('backend', 'ES384');
  const folder = await serveFolder(
    (yaml) => `${yaml}${SERVED_CLIENTS}  - ${JSON.stringify(backend.registration)}\n${NO_LIMITS}\n`,
  );
  const refreshTokens: (string | undefined)[] = [];
  try {
    await addAmy(folder);
    for (let kill = 0; kill < kills; kill += 1) {
      const random = createRandom(seed, kill);
      const end = { afterTokens: random.int(1, MOST_TOKENS), andMs: random.int(0, LATEST_MS) };
      const given = await liveAndDie(folder, backend, refreshTokens, end);
      onResult({ kill, given: given.length, problems: await problemsIn(folder, given) });
    }
  } finally {
    await folder.remove();
  }
}

async function liveAndDie(
  folder: ServeFolder,
  backend: KeyedClient,
  refreshTokens: (string | undefined)[],
  { afterTokens, andMs }: { readonly afterTokens: number; readonly andMs: number },
): Promise<readonly string[]> {
  // On a busy machine it may start too late.
  const server = await startServe(folder).catch(() => startServe(folder));
  const app = appOf(folder.issuer);
  const given: string[] = [];
  const life = { isOver: false };
  const comeBack = async (at: number): Promise<void> => {
    const { body } = await tokensOf(
      app.refresh(refreshTokens[at] ?? ''),
      () => (refreshTokens[at] = undefined),
    );
    given.push(body.access_token);
    refreshTokens[at] = body.refresh_token;
  };
  const askAsBackend = async (): Promise<void> => {
    const form = { grant_type: 'client_credentials', scope: 'system/Observation.rs', resource: FHIR };
    const assertion = await backend.assertion(`${folder.issuer}/token`);
    const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
    const { body } = await tokensOf(postForm(`${folder.issuer}/token`, { ...form, ...proof }));
    given.push(body.access_token);
  };
  for (let at = 0; at < REFRESHING; at += 1) {
    if (refreshTokens[at] !== undefined) continue;
    const tokens = await app.newTokens();
    given.push(tokens.access_token);
    refreshTokens[at] = tokens.refresh_token;
  }
  const lanes = [
    ...Array.from({ length: REFRESHING }, (_, at) => untilOver(life, () => comeBack(at))),
    ...Array.from({ length: BACKENDS }, () => untilOver(life, askAsBackend)),
  ];
  const enough = given.length + afterTokens;
  await until(() => given.length >= enough, 'so many tokens were given');
  await delay(andMs);
  await server.kill();
  life.isOver = true;
  await Promise.all(lanes);
  return given;
}

async function tokensOf(asked: Promise<TokenAnswer>, onRefused?: () => void): Promise<TokenAnswer> {
  const answer = await asked;
  if (answer.status === 200) return answer;
  if (answer.status === 400) onRefused?.();
  throw new Error(`no token: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** A server that has too much to do for now is asked again. */
async function untilOver(life: { readonly isOver: boolean }, ask: () => Promise<void>): Promise<void> {
  while (!life.isOver) await ask().catch(() => delay(BUSY_MS));
}

async function problemsIn({ dir }: ServeFolder, given: readonly string[]): Promise<readonly string[]> {
  const dataDir = path.join(dir, 'data');
  const driver = openEmbeddedStore(dataDir);
  const { keys } = await openKeyRing(driver, [Buffer.from(STORE_SECRET)]).finally(() => driver.close());
  const recorded = new Set(
    (await auditLogOf(dataDir)).flatMap((one) => (one.type === 'token.issued' ? [one.tokenHash] : [])),
  );
  const missing = given.filter((text) => !recorded.has(keys.keyedHash('token', text)));
  const faults = (await verifiedLog(dataDir)).flatMap(({ chain, fault }) =>
    fault ? [`${chain}: line ${fault.seq + 1}: ${fault.kind}`] : [],
  );
  return [...missing.map(() => 'a token that reached a client has no record'), ...faults];
}
