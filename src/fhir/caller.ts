const TIMEOUT_MS = 10_000;

export interface FhirAnswer {
  readonly status: number;
  /** `undefined`: it is no JSON. */
  readonly body: unknown;
  /** What `Retry-After` asks for, milliseconds. */
  readonly waitMs?: number;
}

/** Reads, or with a body POSTs to, a path below a FHIR base URL. @throws Error when there is no answer within 10 s */
export type FhirCaller = (
  path: string,
  options: { readonly signal: AbortSignal; readonly body?: object },
) => Promise<FhirAnswer>;

/** @param accessToken a token Gatehouse issued to itself for this server; a new one where `renew` is asked. */
export function createFhirCaller(
  fhirBaseUrl: string,
  accessToken: (renew: boolean) => Promise<string>,
  fetchImpl: typeof fetch,
): FhirCaller {
  const ask = async (...[path, { signal, body }, renew]: [...Parameters<FhirCaller>, boolean]) =>
    fetchImpl(path === '' ? fhirBaseUrl : `${fhirBaseUrl}/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/fhir+json',
        authorization: `Bearer ${await accessToken(renew)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
  return async (path, options) => {
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
