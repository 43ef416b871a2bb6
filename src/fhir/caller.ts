export interface FhirAnswer {
  readonly status: number;
  /** `undefined`: it is no JSON. */
  readonly body: unknown;
  /** What `Retry-After` asks for, milliseconds. */
  readonly waitMs?: number;
}

/** Reads, or with a body POSTs to or PUTs, a path below a FHIR base URL. @throws Error when there is no answer in time */
export type FhirCaller = (
  path: string,
  options?: { readonly signal?: AbortSignal; readonly method?: 'PUT'; readonly body?: object },
) => Promise<FhirAnswer>;

type Options = NonNullable<Parameters<FhirCaller>[1]>;

export interface CallerParts {
  /** A token Gatehouse issued to itself for this server; a new one where `renew` is asked. */
  readonly accessToken: (renew: boolean) => Promise<string>;
  readonly fetchImpl: typeof fetch;
  /** How long an answer may take, milliseconds. */
  readonly timeoutMs: number;
}

export function createFhirCaller(
  fhirBaseUrl: string,
  { accessToken, fetchImpl, timeoutMs }: CallerParts,
): FhirCaller {
  const ask = async (path: string, { signal, method, body }: Options, renew: boolean): Promise<Response> =>
    fetchImpl(path === '' ? fhirBaseUrl : `${fhirBaseUrl}/${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        accept: 'application/fhir+json',
        authorization: `Bearer ${await accessToken(renew)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(timeoutMs)]),
    });
  return async (path, options = {}) => {
    const first = await ask(path, options, false);
    // The token we kept may be gone from the store; a fresh one is asked for once.
    const response = first.status === 401 ? await ask(path, options, true) : first;
    const later = Number(response.headers.get('retry-after') ?? NaN);
    const text = await response.text();
    return {
      status: response.status,
      body: parsed(text),
      ...(Number.isFinite(later) ? { waitMs: later * 1000 } : {}),
    };
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
