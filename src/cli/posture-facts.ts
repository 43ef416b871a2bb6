import { isFips } from '../algorithms/index.ts';
import { freePartOf } from '../archive/index.ts';
import { auditReceivers } from '../compose-delivery.ts';
import type { Config } from '../config/index.ts';
import type { Facts } from '../posture/index.ts';
import type { ChainReport } from '../trail/index.ts';
import { askTimeServers, watchTime, type Verdict } from '../time/index.ts';
import type { Office } from './office.ts';

const DAY = 86_400;

/** Looks at everything that the settings do not say; changes nothing. @param chains the audit log, checked */
export async function factsOf(
  office: Office,
  chains: readonly ChainReport[],
  now: number = Date.now(),
): Promise<Facts> {
  const [storeConcerns, keys, clients, clock, receivers, disk] = await Promise.all([
    office.driver.concerns(),
    keysIn(office, now / 1000),
    office.clients.list(),
    clockOf(office),
    receiversOf(office),
    diskUnder(office),
  ]);
  return {
    at: new Date(now).toISOString(),
    runtime: { node: process.versions.node, openssl: process.versions.openssl, isFips: isFips() },
    ...{ storeConcerns, keys, clock, receivers, disk, audit: inSum(chains) },
    clients: clients
      .filter(({ disabled }) => !disabled)
      .map(({ registration }) => ({
        id: registration.client_id,
        authentication: registration.token_endpoint_auth_method,
        consent: registration.consent ?? 'always',
      })),
  };
}

async function keysIn({ signingKeys, recordKeys, auditKeys }: Office, now: number): Promise<Facts['keys']> {
  const stores = [
    ...[['tokens', signingKeys] as const, ['records', recordKeys] as const],
    ['audit', auditKeys] as const,
  ];
  const found = stores.map(async ([purpose, store]) => {
    const { keys = [] } = (await store.load()) ?? {};
    return keys
      .filter(({ status }) => status === 'active')
      .map(({ kid, alg, createdAt }) => ({ purpose, kid, alg, ageDays: (now - createdAt) / DAY }));
  });
  return (await Promise.all(found)).flat();
}

/** One look, as the server takes one every so often. */
async function clockOf({ config, driver }: Pick<Office, 'config' | 'driver'>): Promise<Facts['clock']> {
  const watch = watchTime({
    limits: { ...config.time, hasServers: config.time.servers.length > 0 },
    everyMs: config.time.checkEveryS * 1000,
    ...asking(config),
    askStores: () => driver.clocks(),
    connection: () => driver.connection,
    now: Date.now,
    onChange: () => undefined,
  });
  await watch.start();
  watch.stop();
  return inShort(watch.verdict());
}

function asking({ time: { servers } }: Pick<Config, 'time'>) {
  return servers.length > 0 ? { askServers: () => askTimeServers(servers) } : {};
}

function inShort({ source, offsetMs, skewMs, wrong }: Verdict): Facts['clock'] {
  return {
    source,
    ...(offsetMs === undefined ? {} : { offsetMs }),
    ...(skewMs === undefined ? {} : { skewMs }),
    ...(wrong ? { wrong: wrong.reason } : {}),
  };
}

function inSum(reports: readonly ChainReport[]): Facts['audit'] {
  const bad = reports.find(({ fault }) => fault !== undefined);
  const sum = (count: (report: ChainReport) => number): number =>
    reports.reduce((all, report) => all + count(report), 0);
  return {
    chains: reports.length,
    records: sum(({ records }) => records),
    unsigned: sum(({ unsigned }) => unsigned),
    ...(bad ? { fault: `the audit log was changed: chain ${bad.chain}` } : {}),
  };
}

function receiversOf({ config }: Pick<Office, 'config'>): Promise<Facts['receivers']> {
  return Promise.all(
    auditReceivers(config).map(async ({ receiver: { id }, track }) => {
      const [aside, trouble] = await Promise.all([track.aside(), track.trouble()]);
      return { id, aside: aside.length, ...(trouble ? { awaySince: trouble.since } : {}) };
    }),
  );
}

async function diskUnder({ config: { store } }: Pick<Office, 'config'>): Promise<Facts['disk']> {
  return { free: await freePartOf(store.dataDir) };
}
