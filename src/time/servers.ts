import { chooseSample, surest, type Sample } from './choose.ts';
import { askOnce, type TimeServer } from './sntp.ts';

const TIMEOUT_MS = 1000;
/** An answer that took longer was held up somewhere, and its time is wrong by up to half of that. */
const PROMPT_MS = 50;
const TRIES = 3;

/** What the servers said together, or why they say nothing. */
export type ServersAnswer =
  { readonly ok: true; readonly aheadMs: number } | { readonly ok: false; readonly why: string };

/** Asks all servers at once and chooses. Never rejects. */
export async function askTimeServers(
  servers: readonly TimeServer[],
  ask: (server: TimeServer, timeoutMs: number) => Promise<Sample> = askOnce,
): Promise<ServersAnswer> {
  const settled = await Promise.allSettled(servers.map((server) => promptSample(server, ask)));
  const samples = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const chosen = chooseSample(samples);
  if (chosen) return { ok: true, aheadMs: chosen.aheadMs };
  if (samples.length > 0) return { ok: false, why: 'the time servers contradict each other' };
  const reasons = settled.flatMap((one, at) =>
    one.status === 'rejected' ? [`${servers[at]?.host ?? ''} ${reasonOf(one.reason)}`] : [],
  );
  return { ok: false, why: reasons.join('; ') };
}

/** Of a few tries the one with the shortest way; most often the first will do. */
async function promptSample(
  server: TimeServer,
  ask: (server: TimeServer, timeoutMs: number) => Promise<Sample>,
): Promise<Sample> {
  const samples = [await ask(server, TIMEOUT_MS)];
  while (samples.length < TRIES && (surest(samples)?.distanceMs ?? 0) > PROMPT_MS) {
    const another = await ask(server, TIMEOUT_MS).catch(() => undefined);
    if (!another) break;
    samples.push(another);
  }
  return surest(samples) as Sample;
}

function reasonOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
