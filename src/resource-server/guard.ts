import type { AllowedRequest } from './allowed.ts';
import { decide } from './decide.ts';
import { createDiscoveryProxy } from './discovery.ts';
import { interactionOf, type FhirInteraction } from './interaction.ts';
import { answerTo, notFound, unavailable, type RefusedAnswer } from './refused-answer.ts';
import type { RequestHeaders, ResourceServer } from './server.ts';
import type { TokenInfo } from './token.ts';

export interface GuardOptions {
  /**
   * `pass`: a batch is let through with its token and without a decision; whoever serves it decides its entries with
   * `decideBatch`. Default: a batch is refused.
   */
  readonly batches?: 'refuse' | 'pass';
  /**
   * Where Gatehouse publishes the SMART configuration of this FHIR server. Default: under the path of the FHIR base URL, at
   * the issuer; `<issuer>/fhir-servers/<id>/.well-known/smart-configuration` where two servers have one path.
   */
  readonly discoveryUrl?: string;
}

/** What a request may do, for whoever serves it. */
export interface Admitted {
  readonly interaction: FhirInteraction;
  /** Absent for what needs none: `metadata`. */
  readonly token?: TokenInfo;
  /** Absent for a batch that was let through. Narrow what you read and write by its `filters`. */
  readonly decision?: AllowedRequest;
}

export type Checked =
  | ({ readonly kind: 'admitted' } & Admitted)
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** JSON */
      readonly body: string;
    };

export interface GuardedRequest {
  readonly method: string;
  /** Path and query, from the root of the host. */
  readonly url: string;
  readonly headers: RequestHeaders;
}

const SMART_CONFIGURATION = '/.well-known/smart-configuration';

/**
 * The whole way of a request through the kit: its token, what it wants to do, whether it may. Every adapter does this and
 * nothing else. What is not below the FHIR base URL, to the letter, is 404: a framework that reads paths more kindly would
 * otherwise lead around the guard.
 */
export function createGuard(server: ResourceServer, options: GuardOptions = {}) {
  const base = new URL(server.fhirBaseUrl).pathname.replace(/\/$/, '');
  const url = options.discoveryUrl ?? server.issuer + base + SMART_CONFIGURATION;
  const discover = createDiscoveryProxy({ url });
  return async (request: GuardedRequest): Promise<Checked> => {
    const { method, headers } = request;
    const [path = '', search = ''] = splitAt(request.url, '?');
    if (path !== base && !path.startsWith(`${base}/`)) return sent(notFound());
    const pathBelowBase = path.slice(base.length);
    if (pathBelowBase === SMART_CONFIGURATION && isReading(method)) return configuration(discover);
    const contentType = contentTypeOf(headers);
    const asked = { method, pathBelowBase, query: new URLSearchParams(search), contentType };
    const interaction = interactionOf(asked);
    if (interaction.kind === 'capabilities') return { kind: 'admitted', interaction };
    const caller = await server.authenticate(headers);
    if (!caller.ok) return sent(caller);
    const { token } = caller;
    if (interaction.kind === 'batch' && options.batches === 'pass')
      return { kind: 'admitted', interaction, token };
    const decision = decide(token, asked);
    if (!decision.allowed) return sent(answerTo(decision));
    server.used(token, interaction);
    return { kind: 'admitted', interaction, token, decision };
  };
}

/** Open to every origin, and never FHIR's own type (DISC-01 … DISC-03, CORS-01). */
async function configuration(discover: ReturnType<typeof createDiscoveryProxy>): Promise<Checked> {
  const found = await discover();
  if (!found.ok) return sent(unavailable());
  return {
    kind: 'answer',
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' },
    body: JSON.stringify(found.document),
  };
}

function sent({ status, headers, body }: RefusedAnswer): Checked {
  return {
    kind: 'answer',
    status,
    headers: { 'Content-Type': 'application/fhir+json', 'Cache-Control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

function splitAt(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function contentTypeOf(headers: RequestHeaders): string | undefined {
  const found = headers instanceof Headers ? headers.get('content-type') : headers['content-type'];
  return typeof found === 'string' ? found : undefined;
}
