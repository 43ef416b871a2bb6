import { setTimeout as delay } from 'node:timers/promises';

import type { AuditRecorder } from '../audit/index.ts';
import { askClient, reasonOfAsking, type AskParts, type ClientRegistry } from '../clients/index.ts';
import type { AccountId } from '../oauth/index.ts';
import type { AppOfSession, AppsOfSessions } from './store.ts';
import { signLogoutToken, type LogoutTokenParts } from './token.ts';

export interface LogoutTellerParts extends LogoutTokenParts, AskParts {
  readonly apps: AppsOfSessions;
  readonly clients: Pick<ClientRegistry, 'find'>;
  readonly audit: AuditRecorder;
  readonly log: { warn(details: object, message: string): void };
  /** How long to wait after each try; one try more than there are waits. Default: 2 and 15 seconds. */
  readonly waitsMs?: readonly number[];
}

/** A session that has ended, and whose it was. */
interface Ended {
  readonly accountId: AccountId;
  readonly uid: string;
}

export interface LogoutTeller {
  /** Begins to tell the apps of a session that it has ended; never fails, and nobody waits for it. */
  readonly tell: (session: Ended) => void;
  /** Tries once more what waits for another try, and resolves when all is told or given up, or after so long. */
  close(patienceMs: number): Promise<void>;
}

/** Together shorter than people think of a sign-out as just now. */
const WAITS_MS = [2000, 15_000];
/** So many at once; more wait. */
const AT_ONCE = 20;
/** So much may wait; of more nobody is told. */
const PLACES = 2000;

/** One thing to do; what comes back is done as well, at once or later. */
type Work = () => Promise<readonly Next[]>;
interface Next {
  readonly work: Work;
  readonly afterMs?: number;
}

/**
 * Tells in the background, in the memory of this process. An app that is away is tried again, and others do not wait for
 * that.
 */
export function createLogoutTeller(parts: LogoutTellerParts): LogoutTeller {
  const closing = new AbortController();
  const waiting: Work[] = [];
  const underway = new Set<Promise<void>>();
  const keep = (work: Promise<void>): void => {
    const done = work.finally(() => underway.delete(done));
    underway.add(done);
  };
  let busy = 0;
  const add = ({ work, afterMs }: Next): void => {
    if (afterMs === undefined) waiting.push(work);
    else
      keep(
        delay(afterMs, undefined, { signal: closing.signal, ref: false })
          .catch(() => undefined)
          .then(() => {
            waiting.push(work);
            start();
          }),
      );
  };
  const start = (): void => {
    while (busy < AT_ONCE && waiting.length > 0) {
      busy += 1;
      keep(perform(waiting.shift()));
    }
  };
  const perform = async (work?: Work): Promise<void> => {
    const more = (await work?.()) ?? [];
    busy -= 1;
    for (const next of more) add(next);
    start();
  };
  return {
    tell(session) {
      if (waiting.length >= PLACES)
        return parts.log.warn({}, 'apps were not told of a sign-out: too many wait');
      add({ work: () => appsToTell(session, parts, closing.signal) });
      // After the answer to who signed out.
      setImmediate(start);
    },
    async close(patienceMs) {
      closing.abort();
      start();
      const empty = async (): Promise<void> => {
        while (underway.size > 0) await Promise.all(underway);
      };
      await Promise.race([empty(), delay(patienceMs, undefined, { ref: false })]);
    },
  };
}

async function appsToTell(
  { accountId, uid }: Ended,
  parts: LogoutTellerParts,
  closing: AbortSignal,
): Promise<readonly Next[]> {
  try {
    const apps = await parts.apps.take(uid);
    return apps.map((app) => ({ work: () => tellApp({ app, accountId, tries: 1 }, parts, closing) }));
  } catch (error) {
    parts.log.warn({ err: error }, 'which apps to tell of a sign-out could not be read');
    return [];
  }
}

interface Telling {
  readonly app: AppOfSession;
  readonly accountId: AccountId;
  /** Which try this is. */
  readonly tries: number;
}

async function tellApp(
  telling: Telling,
  parts: LogoutTellerParts,
  closing: AbortSignal,
): Promise<readonly Next[]> {
  const { app, accountId, tries } = telling;
  const { clientId } = app;
  const url = await addressOf(app, parts);
  if (url === undefined) return [];
  const reason = await problemOfTelling(url, app, accountId, parts);
  const afterMs = (parts.waitsMs ?? WAITS_MS)[tries - 1];
  if (reason !== undefined && afterMs !== undefined && !closing.aborted)
    return [{ afterMs, work: () => tellApp({ ...telling, tries: tries + 1 }, parts, closing) }];
  if (reason !== undefined)
    parts.log.warn({ clientId, url, reason }, 'an app could not be told that somebody has signed out');
  const outcome =
    reason === undefined ? { outcome: 'success' as const } : { outcome: 'failure' as const, reason };
  await parts.audit.record({ type: TOLD, ...outcome, clientId, accountId });
  return [];
}

const TOLD = 'sign-out.told';

/** Where it is told now; a client that was disabled or removed meanwhile is told nothing any more. */
async function addressOf(
  { clientId }: AppOfSession,
  { clients, log }: LogoutTellerParts,
): Promise<string | undefined> {
  try {
    const client = await clients.find(clientId);
    return client && !client.disabled ? client.registration.backchannel_logout_uri : undefined;
  } catch (error) {
    log.warn({ err: error, clientId }, 'an app that is to be told of a sign-out could not be looked up');
    return undefined;
  }
}

async function problemOfTelling(
  url: string,
  app: AppOfSession,
  accountId: AccountId,
  parts: LogoutTellerParts,
): Promise<string | undefined> {
  try {
    const form = new URLSearchParams({ logout_token: await signLogoutToken(app, accountId, parts) });
    const { status } = await askClient(url, { accept: '*/*', form }, parts);
    // Some frameworks say 204 (§2.8).
    return status === 200 || status === 204 ? undefined : `it answered ${status}`;
  } catch (error) {
    return reasonOfAsking(error);
  }
}
