import type { AllowedRequest } from './allowed.ts';
import { decide } from './decide.ts';
import { createDiscoveryProxy } from './discovery.ts';
import { interactionOf, type FhirInteraction, type FhirRequest } from './interaction.ts';
import type { DecideOptions } from './options.ts';
import { NOTHING_HERE, UNAVAILABLE, answerTo, type RefusedAnswer } from './refused-answer.ts';
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
  /** Of your FHIR server: its version, and what it has of its own. */
  readonly decide?: DecideOptions;
}

/** What a request may do, for whoever serves it. */
export interface Admitted {
  readonly interaction: FhirInteraction;
  /** Absent for what needs none: `metadata`. */
  readonly token?: TokenInfo;
  /** Absent for `metadata`, and for a batch that was let through. What you show and write has to keep to it. */
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
  /** As a body parser left it. Without it a search that is sent as a form is refused, and a write has to be judged by you. */
  readonly body?: unknown;
}

const FORM = 'application/x-www-form-urlencoded';
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
    if (path !== base && !path.startsWith(`${base}/`)) return sent(NOTHING_HERE);
    const pathBelowBase = path.slice(base.length);
    if (pathBelowBase === SMART_CONFIGURATION && isReading(method)) return configuration(discover);
    const contentType = headerOf(headers, 'content-type');
    const ifNoneExist = headerOf(headers, 'if-none-exist');
    const asked: FhirRequest = {
      ...{ method, pathBelowBase, query: new URLSearchParams(search), contentType },
      ...(ifNoneExist === undefined ? {} : { ifNoneExist }),
      ...contentOf(request.body, contentType),
    };
    const interaction = interactionOf(asked, options.decide?.fhirVersion);
    if (interaction.kind === 'capabilities') return { kind: 'admitted', interaction };
    const caller = await server.authenticate(headers);
    if (!caller.ok) return sent(caller);
    const { token } = caller;
    if (interaction.kind === 'batch' && options.batches === 'pass')
      return { kind: 'admitted', interaction, token };
    const decision = decide(token, asked, options.decide);
    if (!decision.allowed) return sent(answerTo(decision));
    server.used(token, interaction);
    return { kind: 'admitted', interaction, token, decision };
  };
}

/** Open to every origin, and never FHIR's own type (DISC-01 … DISC-03, CORS-01). */
async function configuration(discover: ReturnType<typeof createDiscoveryProxy>): Promise<Checked> {
  const found = await discover();
  if (!found.ok) return sent(UNAVAILABLE);
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

function headerOf(headers: RequestHeaders, name: string): string | undefined {
  const found = headers instanceof Headers ? headers.get(name) : headers[name];
  return typeof found === 'string' ? found : undefined;
}

/** What was sent, as a body parser left it: the form of a search, or the content of a write. */
function contentOf(body: unknown, contentType: string | undefined): Pick<FhirRequest, 'form' | 'body'> {
  if (typeof body !== 'object' || body === null) return {};
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== FORM) return { body };
  if (body instanceof URLSearchParams) return { form: body };
  const values = Object.entries(body).flatMap(([name, value]) =>
    [value as unknown].flat().map((one) => [name, one] as const),
  );
  const form = new URLSearchParams();
  for (const [name, value] of values) {
    // A parser that makes objects of names with dots has read another form than the one that was sent.
    if (typeof value !== 'string') return {};
    form.append(name, value);
  }
  return { form };
}
