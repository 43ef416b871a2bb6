import { systemClock, type Clock, type EpochSeconds } from '../oauth/index.ts';

/** The SMART configuration document as it came, or why there is none. */
export type Discovery =
  | { readonly ok: true; readonly document: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly detail: string };

export interface DiscoveryProxyOptions {
  /** Where the authorization server publishes the document for this FHIR base URL. */
  readonly url: string;
  /** Milliseconds until we give up, default 2000. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

const KEEP_SECONDS = 60;

/**
 * Fetches the authorization server's SMART configuration, so that a FHIR server can serve it at
 * `[base]/.well-known/smart-configuration` (DISC-01). Kept for a minute at most; concurrent callers share one
 * fetch; a failure is not kept. The function never rejects.
 */
export function createDiscoveryProxy(options: DiscoveryProxyOptions): () => Promise<Discovery> {
  const clock = options.clock ?? systemClock;
  let kept: { readonly discovery: Discovery; readonly until: EpochSeconds } | undefined;
  let underway: Promise<Discovery> | undefined;

  const renew = async (): Promise<Discovery> => {
    const discovery = await load(options);
    kept = discovery.ok ? { discovery, until: clock() + KEEP_SECONDS } : undefined;
    underway = undefined;
    return discovery;
  };
  return async () => {
    if (kept && clock() < kept.until) return kept.discovery;
    underway ??= renew();
    return underway;
  };
}

async function load(options: DiscoveryProxyOptions): Promise<Discovery> {
  const send = options.fetch ?? fetch;
  try {
    const response = await send(options.url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(options.timeoutMs ?? 2000),
    });
    if (response.status !== 200) return { ok: false, detail: `discovery answered ${response.status}` };
    const document: unknown = await response.json();
    return isObject(document)
      ? { ok: true, document }
      : { ok: false, detail: 'discovery sent no JSON object' };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
