import type { Logger } from 'pino';

import { auditReceivers } from './compose-delivery.ts';
import type { Config } from './config/index.ts';
import { awayTooLong, type Followed } from './delivery/index.ts';
import { undeliveredRefusal, type HealthCheck } from './http/index.ts';

/** What one process of a machine notes, all of them read so often. */
const LOOK_MS = 1000;

export interface ComposedAway {
  /** None where every receiver may be away for as long as it likes. */
  readonly checks: readonly HealthCheck[];
  /** @throws Overloaded while a receiver of the audit log has been away for longer than it may */
  readonly mayIssue: () => Promise<void>;
}

/** Joins how far the audit log has come with what may be issued. Part of the composition root: see app.ts. */
export function composeAway(
  config: Parameters<typeof auditReceivers>[0] & Pick<Config, 'audit'>,
  log: Pick<Logger, 'error' | 'info'>,
): ComposedAway {
  const limited = auditReceivers(config).filter(({ receiver }) => receiver.maxAwayS !== undefined);
  if (limited.length === 0) return { checks: [], mayIssue: () => Promise.resolve() };
  const look = async (): Promise<Followed | undefined> => {
    const receivers = limited.map(async ({ receiver: { id, maxAwayS }, track }) => ({
      ...{ id, maxAwayS },
      awaySince: (await track.trouble())?.since,
    }));
    return awayTooLong(await Promise.all(receivers), Date.now());
  };
  const away = toldOnce(nowAndThen(look), log);
  return {
    checks: [
      {
        name: 'audit delivery',
        async check() {
          const found = await away();
          if (found)
            throw new Error(
              `the receiver ${found.id} of the audit log has been away since ${found.awaySince}`,
            );
        },
      },
    ],
    async mayIssue() {
      if (await away()) throw undeliveredRefusal();
    },
  };
}

/** Asked by every request, answered anew once a second. */
function nowAndThen<T>(look: () => Promise<T>): () => Promise<T> {
  let next = 0;
  let found: Promise<T> | undefined;
  return () => {
    const now = performance.now();
    if (!found || now >= next) [found, next] = [look(), now + LOOK_MS];
    return found;
  };
}

function toldOnce(look: () => Promise<Followed | undefined>, log: Pick<Logger, 'error' | 'info'>) {
  let told: string | undefined;
  return async (): Promise<Followed | undefined> => {
    const found = await look();
    if (found?.id !== told) {
      if (found)
        log.error(
          { server: found.id, since: found.awaySince },
          'ALARM: the audit log does not arrive; nothing is issued until it does',
        );
      else log.info({ server: told }, 'the audit log arrives again; what was refused is issued');
    }
    told = found?.id;
    return found;
  };
}
