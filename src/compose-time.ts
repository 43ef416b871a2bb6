import type { Logger } from 'pino';

import type { AuditEvent } from './audit/index.ts';
import type { Config } from './config/index.ts';
import { clockRefusal, type HealthCheck, type Metrics } from './http/index.ts';
import type { Clock } from './oauth/index.ts';
import type { StoreDriver } from './store/index.ts';
import {
  askTimeServers,
  createSteadyClock,
  watchTime,
  type TimeStamp,
  type TimeWatch,
  type Verdict,
} from './time/index.ts';

export interface ComposedTime extends HealthCheck {
  readonly clock: Clock;
  /** The same in milliseconds. */
  readonly nowMs: () => number;
  readonly stamp: () => TimeStamp;
  /** @throws Overloaded while the clock is not to be believed */
  readonly mayIssue: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

interface Parts {
  readonly config: Pick<Config, 'time'>;
  /** As it is, not guarded: its clock is asked also where nothing else may be. */
  readonly driver: StoreDriver;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Metrics;
  readonly record: (event: AuditEvent) => Promise<void>;
}

/** Joins the clock with time servers and store. Part of the composition root: see app.ts. */
export function composeTime({ config: { time }, driver, log, metrics, record }: Parts): ComposedTime {
  const { servers, checkEveryS, maxSkewMs } = time;
  const now = createSteadyClock(() => Date.now(), maxSkewMs);
  const watch: TimeWatch = watchTime({
    limits: { ...time, hasServers: servers.length > 0 },
    everyMs: checkEveryS * 1000,
    ...(servers.length > 0 ? { askServers: () => askTimeServers(servers) } : {}),
    askStores: () => driver.clocks(),
    connection: () => driver.connection,
    now,
    onChange: tellOfChanges(log, record),
    onLook: warnOnce(time, log),
  });
  driver.vouch(() => watch.isConfirmed());
  metrics.watchClock(() => watch.verdict());
  return {
    name: 'clock',
    clock: () => Math.floor(now() / 1000),
    nowMs: now,
    stamp: () => watch.stamp(),
    start: () => watch.start(),
    stop: () => watch.stop(),
    async check() {
      const wrong = await watch.mayIssue();
      if (wrong) throw new Error(wrong.reason);
    },
    async mayIssue() {
      if (await watch.mayIssue()) throw clockRefusal(checkEveryS);
    },
  };
}

function tellOfChanges(log: Parts['log'], record: Parts['record']) {
  const tell = (type: 'clock.right' | 'clock.holdover', { skewMs }: Verdict): void =>
    void record({
      ...{ type, outcome: type === 'clock.right' ? 'success' : 'failure' },
      ...(skewMs === undefined ? {} : { skewMs }),
    });
  return (verdict: Verdict, before: Verdict | undefined): void => {
    const { source, wrong, skewMs, offsetMs } = verdict;
    const seen = { source, offsetMs, skewMs };
    if (wrong && wrong.code !== before?.wrong?.code) {
      log.error({ ...seen, reason: wrong.reason }, 'the clock is not believed; nothing is issued');
      const { reason } = wrong;
      const event = { type: 'clock.wrong', outcome: 'failure', reason } as const;
      void record(skewMs === undefined ? event : { ...event, skewMs });
    }
    const isConfirmedAgain = before?.source === 'holdover' && source !== 'holdover';
    if (!wrong && (before?.wrong !== undefined || isConfirmedAgain)) {
      log.info(seen, 'the clock is believed again');
      tell('clock.right', verdict);
    }
    if (!wrong && source === 'holdover') {
      log.warn(seen, 'no time server answers; the clock counts as it was last confirmed');
      tell('clock.holdover', verdict);
    }
  };
}

/** Says once that a clock is far from another one, and again when it was nearer meanwhile. */
function warnOnce({ warnMs }: Config['time'], log: Parts['log']) {
  let wasFar = false;
  return ({ offsetMs = 0, skewMs = 0, wrong }: Verdict): void => {
    const isFar = !wrong && Math.max(Math.abs(offsetMs), Math.abs(skewMs)) > warnMs;
    if (isFar && !wasFar) log.warn({ offsetMs, skewMs }, 'the clock is not quite right');
    wasFar = isFar;
  };
}
