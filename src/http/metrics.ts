import cluster from 'node:cluster';
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import type { Observe } from './log-requests.ts';

/** What `/metrics` shows, in a registry of its own. Labels come from short fixed lists only. */
export interface Metrics {
  readonly observeRequest: Observe;
  /** For introspections that were asked in the usual way, which are many. */
  readonly observeIntrospection: (seconds: number) => void;
  readonly countEvent: (type: string, outcome: string, count?: number) => void;
  readonly countLimited: (limit: string) => void;
  readonly countShed: (path: string) => void;
  /** Watches how many follow the feed of revocations, and how old (milliseconds) what it tells is. */
  readonly watchFeed: (look: () => { readonly followers: number; readonly ageMs: number }) => void;
  /** Watches how far our clock is from those of time servers and store, and whether it is believed. */
  readonly watchClock: (look: () => ClockState) => void;
  /** Watches what waits to be sent to each FHIR server. */
  readonly watchPush: (look: () => readonly PushState[]) => void;
  /** Watches what of the audit log waits to be sent to each receiver. */
  readonly watchDelivery: (look: () => readonly PushState[]) => void;
  /** Watches whether the audit log takes records, and what waits for it in memory. */
  readonly watchAudit: (look: () => { readonly held: number; readonly lost: number } | undefined) => void;
  /** Watches which part of the disk with the data is free: 0 to 1. */
  readonly watchDisk: (look: () => Promise<number>) => void;
  /** The page for Prometheus and its content type. */
  render(): Promise<{ readonly type: string; readonly body: string }>;
}

/** Milliseconds; absent: nobody has said. */
export interface ClockState {
  readonly offsetMs?: number;
  readonly skewMs?: number;
  readonly wrong?: object;
}

/** What is on its way to one receiver. */
export interface PushState {
  readonly server: string;
  readonly waiting: number;
  readonly oldestSeconds: number;
  readonly failures: number;
  readonly aside: number;
}

interface Pushed {
  readonly prefix: string;
  readonly what: string;
  readonly to: string;
  readonly label: 'server' | 'receiver';
}
const DECISIONS: Pushed = {
  ...{ prefix: 'gatehouse_push', what: 'Records of decisions', to: 'FHIR server', label: 'server' },
};
const AUDIT: Pushed = {
  ...{ prefix: 'gatehouse_audit_delivery', what: 'Audit events', to: 'receiver', label: 'receiver' },
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  if (cluster.isWorker) tellPrimary(registry);
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'gatehouse_http_request_duration_seconds',
    help: 'Time to answer a request',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const events = new Counter({
    name: 'gatehouse_events_total',
    help: 'What was done, by audit event type and outcome',
    labelNames: ['type', 'outcome'],
    registers: [registry],
  });
  const limited = new Counter({
    name: 'gatehouse_limited_total',
    help: 'Requests refused with 429, by the limit they met',
    labelNames: ['limit'],
    registers: [registry],
  });
  const shed = new Counter({
    name: 'gatehouse_shed_total',
    help: 'Requests refused with 503 because this process had too much to do, by path',
    labelNames: ['path'],
    registers: [registry],
  });
  const introspections = requests.labels({ method: 'POST', route: '/introspect', status: '200' });
  return {
    observeRequest: ({ method, route, status, seconds }) => {
      requests.observe(
        { method: KNOWN_METHODS.has(method) ? method : 'other', route, status: String(status) },
        seconds,
      );
    },
    observeIntrospection: (seconds) => introspections.observe(seconds),
    countEvent: (type, outcome, count = 1) => events.inc({ type, outcome }, count),
    countShed: (path) => shed.inc({ path }),
    watchFeed: (look) => {
      for (const [name, help, value] of [
        ['subscribers', 'Streams of the feed of revocations', () => look().followers],
        ['age_seconds', 'How old what the feed of revocations tells is', () => look().ageMs / 1000],
      ] as const)
        new Gauge({
          name: `gatehouse_revocation_feed_${name}`,
          help,
          registers: [registry],
          collect() {
            this.set(value());
          },
        });
    },
    watchClock: (look) => watchClock(registry, look),
    watchPush: (look) => watchPush(registry, look, DECISIONS),
    watchDelivery: (look) => watchPush(registry, look, AUDIT),
    watchAudit: (look) => watchAudit(registry, look),
    watchDisk: (look) => watchDisk(registry, look),
    countLimited: (limit) => limited.inc({ limit }),
    render: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}

function watchDisk(registry: Registry, look: () => Promise<number>): void {
  new Gauge({
    ...{
      name: 'gatehouse_data_free_ratio',
      help: 'Part of the disk with the data that is free',
      registers: [registry],
    },
    aggregator: 'min',
    async collect() {
      this.set(await look().catch(() => NaN));
    },
  });
}

/** Of several workers the widest apart, and the one that is wrong: they have one clock, and looked at it apart. */
function watchClock(registry: Registry, look: () => ClockState): void {
  const gauge = (
    name: string,
    help: string,
    aggregator: 'max' | 'min',
    value: (state: ClockState) => number | undefined,
  ): void => {
    new Gauge({
      ...{ name: `gatehouse_clock_${name}`, help, aggregator, registers: [registry] },
      collect() {
        // Not a number: nobody has said. 0 would be praise.
        this.set(value(look()) ?? NaN);
      },
    });
  };
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
  gauge('offset_seconds', 'How far our clock is ahead of the time servers', 'max', ({ offsetMs }) =>
    seconds(offsetMs),
  );
  gauge('store_skew_seconds', 'How far our clock is ahead of that of Redis', 'max', ({ skewMs }) =>
    seconds(skewMs),
  );
  gauge('believed', '1: our clock is believed; 0: nothing is issued', 'min', ({ wrong }) => (wrong ? 0 : 1));
}

function watchAudit(registry: Registry, look: Parameters<Metrics['watchAudit']>[0]): void {
  for (const [name, help, value] of [
    ['unavailable', 'Processes whose audit log cannot be written', () => (look() ? 1 : 0)],
    ['held', 'Audit records that wait in memory for the log', () => look()?.held ?? 0],
    ['lost', 'Audit records that find no room there', () => look()?.lost ?? 0],
  ] as const)
    new Gauge({
      name: `gatehouse_audit_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
}

/** Only the process that sends has something to show; the sum of all is what it shows. */
function watchPush(
  registry: Registry,
  look: () => readonly PushState[],
  { prefix, what, to, label }: Pushed,
): void {
  for (const [name, help, member] of [
    ['waiting', `${what} that wait to be sent to a ${to}`, 'waiting'],
    ['oldest_seconds', 'How old the oldest of them is', 'oldestSeconds'],
    ['aside', `${what} that a ${to} refused, set aside for an operator`, 'aside'],
  ] as const)
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        for (const state of look()) this.set({ [label]: state.server }, state[member]);
      },
    });
  new Counter({
    name: `${prefix}_failures_total`,
    help: `How often sending to a ${to} has failed`,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const { server, failures } of look()) this.inc({ [label]: server }, failures);
    },
  });
}

/** Of one of several workers: whoever started them asks it, and adds it up. */
function tellPrimary(registry: Registry): void {
  AggregatorRegistry.setRegistries([registry]);
  new AggregatorRegistry();
}

/** The sum of what all workers of this process have counted. */
export function metricsOfWorkers(): Pick<Metrics, 'render'> {
  const registry = new AggregatorRegistry();
  return {
    render: async () => ({ type: registry.contentType, body: await registry.clusterMetrics() }),
  };
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);
