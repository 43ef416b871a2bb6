import { systemClock, type Clock } from '../oauth/index.ts';
import { basic } from './credentials.ts';
import { tokenFrom, verifyToken, type TokenInfo } from './token.ts';

/**
 * What became of a token. `inactive` is the authorization server's word, or ours about expiry and audience:
 * answer 401. `unavailable` means nobody could tell: answer 503, since a 401 would make apps throw away a good
 * session because of our outage.
 */
export type IntrospectionResult =
  | { readonly kind: 'active'; readonly token: TokenInfo }
  | { readonly kind: 'inactive'; readonly description: string }
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Asks the authorization server about one token. Never rejects. */
export type Introspect = (token: string) => Promise<IntrospectionResult>;

export interface IntrospectorOptions {
  /** `introspection_endpoint` of the authorization server. */
  readonly endpoint: string;
  /** Our own client id and secret, sent as HTTP Basic. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Our own FHIR base URL: tokens for other audiences are refused (SEM-02). */
  readonly fhirBaseUrl: string;
  /** Milliseconds until we give up, default 2000. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/**
 * Makes the function that asks the authorization server about a token (RFC 7662, SEM-01, SEM-02, SEM-25).
 *
 * Nothing is cached: a revocation is seen by the very next request.
 *
 * ```ts
 * const introspect = createIntrospector({ endpoint, clientId, clientSecret, fhirBaseUrl });
 * const result = await introspect(token);
 * ```
 */
export function createIntrospector(options: IntrospectorOptions): Introspect {
  const authorization = basic(options.clientId, options.clientSecret);
  const send = options.fetch ?? fetch;
  return introspectBy(
    (form) =>
      send(options.endpoint, {
        ...form,
        headers: { ...form.headers, authorization },
        signal: AbortSignal.timeout(options.timeoutMs ?? 2000),
      }),
    options,
  );
}

/** The question of RFC 7662, without who asks and how long that may take. */
export interface IntrospectionForm {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: URLSearchParams;
  /** A redirect would carry the token to somebody we do not know. */
  readonly redirect: 'error';
}

/** As {@link createIntrospector}, whatever way the question is sent. */
export function introspectBy(
  ask: (form: IntrospectionForm) => Promise<Response>,
  { fhirBaseUrl, clock = systemClock }: Pick<IntrospectorOptions, 'fhirBaseUrl' | 'clock'>,
): Introspect {
  return async (token) => {
    try {
      const response = await ask({
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
        redirect: 'error',
      });
      if (response.status !== 200) {
        // Left unread, it would keep its connection.
        await response.body?.cancel();
        return unavailable(`introspection answered ${response.status}`);
      }
      return understand(await response.json(), fhirBaseUrl, clock);
    } catch (error) {
      return unavailable(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  };
}

function understand(answer: unknown, fhirBaseUrl: string, clock: Clock): IntrospectionResult {
  if (!isObject(answer) || typeof answer['active'] !== 'boolean')
    return unavailable('introspection sent no answer');
  if (!answer['active'])
    return { kind: 'inactive', description: 'the access token is expired, revoked or unknown' };
  const token = tokenFrom(answer);
  if (!token)
    return unavailable('introspection sent an answer without scope, client_id or exp, or of wrong types');
  const refused = verifyToken(token, { fhirBaseUrl, now: clock() });
  return refused ? { kind: 'inactive', description: refused.description } : { kind: 'active', token };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unavailable(detail: string): IntrospectionResult {
  return { kind: 'unavailable', detail };
}
