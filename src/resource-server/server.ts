import { systemClock, type Clock } from '../oauth/index.ts';
import { bearerRefusal, readBearer } from './bearer.ts';
import { checkOptions } from './check-options.ts';
import { createAuthorizer, type Credentials } from './credentials.ts';
import { createEndpoints } from './endpoints.ts';
import type { FhirInteraction } from './interaction.ts';
import { introspectBy, type Introspect } from './introspection.ts';
import { createJwtReader } from './jwt.ts';
import { createKnowledge } from './knowledge.ts';
import { createLook } from './look.ts';
import { answerTo, type RefusedAnswer } from './refused-answer.ts';
import { followRevocations, type FeedState } from './revocations.ts';
import { createSender, type GatehouseSender } from './sender.ts';
import { createTokenCache, type CacheOptions } from './token-cache.ts';
import type { TokenInfo } from './token.ts';
import { createUsageReporter, type UsageOptions, type UsageParts } from './usage.ts';

export interface ResourceServerOptions {
  /** The issuer of the tokens, as it stands in them; its endpoints are found by its metadata. */
  readonly issuer: string;
  /** Our own FHIR base URL: tokens for other audiences are refused (SEM-02). */
  readonly fhirBaseUrl: string;
  /** Of a client with `rights: [introspect]`. */
  readonly credentials: Credentials;
  /** `false`: every request asks Gatehouse. Default: 10,000 tokens for 300 s at most. */
  readonly cache?: CacheOptions | false;
  /** What was done with which grant, told to Gatehouse now and then. `false`: not. Default: once a minute. */
  readonly usage?: UsageOptions | false;
  /** Milliseconds a question to Gatehouse may take, default 1000. An answer that is older counts no more. */
  readonly timeoutMs?: number;
  /** Told why Gatehouse cannot be used as it should, in words for an operator; holds no token. Default: nobody is. */
  readonly onProblem?: (detail: string) => void;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/** What became of the token of a request: {@link TokenInfo}, or the answer to send instead of data. */
export type Authenticated = { readonly ok: true; readonly token: TokenInfo } | RefusedAnswer;

/** The headers of a request, of Node or of the Fetch standard. */
export type RequestHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A FHIR server's door: knows which tokens are good, and hears within a second of those that are no more. */
export interface ResourceServer {
  readonly issuer: string;
  readonly fhirBaseUrl: string;
  /**
   * The live token of a request. Never rejects: what cannot be told is 503, never a pass.
   *
   * @see SEM-01, SEM-02, SEM-03
   */
  authenticate(headers: RequestHeaders): Promise<Authenticated>;
  /** As {@link authenticate}, for a token by itself. */
  introspect: Introspect;
  /** Notes for the next report that a request was let through; the adapters do it by themselves. */
  used(token: TokenInfo, interaction: FhirInteraction): void;
  /** How the server stands with Gatehouse, for health and metrics. */
  status(): { readonly feed: FeedState; readonly cachedTokens: number; readonly lostUses: number };
  /** Ends what runs beside the requests. Afterwards every request is answered 503. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 1000;

/**
 * Guards a FHIR server: verifies tokens by introspection, or as JWTs, and keeps what it learned as long as it hears of
 * revocations.
 *
 *     kept, and the feed is not older than a second ──▶ the kept answer
 *     a JWT issued since the feed is followed ──▶ its signature, and that the feed has not named its grant
 *     else ──▶ introspection; of several requests with one token, one asks ──▶ 401, or 503 when nobody could tell
 *
 * ```ts
 * const server = createResourceServer({ issuer, fhirBaseUrl, credentials: { clientId, clientSecret } });
 * const caller = await server.authenticate(request.headers);
 * if (!caller.ok) return answer(caller.status, caller.headers, caller.body);
 * const decision = decide(caller.token, interaction);
 * ```
 *
 * @throws TypeError that names the option which is wrong
 * @see SEM-01, SEM-02, SEM-25; docs/resource-servers.md
 */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  checkOptions(options);
  const { fhirBaseUrl, timeoutMs = TIMEOUT_MS, clock = systemClock, onProblem = ignore } = options;
  const issuer = options.issuer.replace(/\/$/, '');
  const send = options.fetch ?? fetch;
  const endpoints = createEndpoints({ issuer, send, timeoutMs });
  const tokenEndpoint = async (): Promise<string> => (await endpoints()).token;
  const { credentials } = options;
  const authorizer = createAuthorizer({ credentials, issuer, tokenEndpoint, send, timeoutMs, clock });
  const gatehouse = createSender(send, endpoints, authorizer);
  const cache = createTokenCache(options.cache === false ? { entries: 0 } : options.cache);
  const knowledge = createKnowledge({ onEnded: cache.dropGrant, onResync: cache.clear });
  const feed =
    options.cache === false
      ? undefined
      : followRevocations({
          knowledge,
          timeoutMs,
          onProblem,
          ask: ({ query = '', ...init }) => gatehouse('revocations', init, query),
        });
  const usage =
    options.usage === false
      ? undefined
      : createUsageReporter({ ...options.usage, clock, onProblem, post: reportTo(gatehouse, timeoutMs) });
  let closed = false;
  const look = createLook({
    knowledge,
    cache,
    clock,
    introspect: introspectBy(
      (form) => gatehouse('introspection', { ...form, signal: AbortSignal.timeout(timeoutMs) }),
      { fhirBaseUrl, clock },
    ),
    readJwt: laterOf(async () =>
      createJwtReader({
        issuer,
        fhirBaseUrl,
        clock,
        timeoutMs,
        fetch: send,
        jwksUri: (await endpoints()).jwks,
      }),
    ),
  });
  const introspect: Introspect = async (text) =>
    closed ? { kind: 'unavailable', detail: 'the resource server was closed' } : look.further(text);
  return {
    issuer,
    fhirBaseUrl,
    introspect,
    used: (token, interaction) => usage?.note(token, interaction),
    async authenticate(headers) {
      const bearer = readBearer(authorizationOf(headers));
      if (bearer.kind !== 'token') return answerTo(bearerRefusal(bearer));
      const kept = look.atHand(bearer.token);
      if (kept) return { ok: true, token: kept };
      const result = await introspect(bearer.token);
      if (result.kind === 'active') return { ok: true, token: result.token };
      if (result.kind === 'unavailable') onProblem(result.detail);
      return answerTo(result);
    },
    status: () => ({ feed: feed?.state() ?? 'none', cachedTokens: cache.size, lostUses: usage?.lost() ?? 0 }),
    async close() {
      closed = true;
      cache.clear();
      await Promise.all([feed?.close(), usage?.close()]);
    },
  };
}

/** Of these answers another try changes nothing. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 413, 415]);

function reportTo(gatehouse: GatehouseSender, timeoutMs: number): UsageParts['post'] {
  return async (lines) => {
    const response = await gatehouse('usage', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ uses: lines }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.status === 200) return 'taken';
    if (REFUSALS.has(response.status)) return 'refused';
    throw new Error(`the report of usage was answered ${response.status}`);
  };
}

/** What can be made only once the endpoints are known. A failure is not kept. */
function laterOf(make: () => Promise<Introspect>): Introspect {
  let made: Introspect | undefined;
  return async (text) => {
    try {
      made ??= await make();
    } catch (error) {
      return { kind: 'unavailable', detail: error instanceof Error ? error.message : String(error) };
    }
    return made(text);
  };
}

function authorizationOf(headers: RequestHeaders): string | undefined {
  if (headers instanceof Headers) return headers.get('authorization') ?? undefined;
  const found = headers['authorization'] ?? headers['Authorization'];
  return typeof found === 'string' ? found : undefined;
}

function ignore(): void {
  // Whoever wants to know says so.
}
