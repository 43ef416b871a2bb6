/** Where Gatehouse is asked. */
export interface Endpoints {
  readonly introspection: string;
  readonly token: string;
  readonly jwks: string;
  readonly revocations: string;
  readonly usage: string;
}

export interface EndpointsParts {
  readonly issuer: string;
  readonly send: typeof fetch;
  readonly timeoutMs: number;
}

/**
 * Finds the endpoints in the metadata of the issuer (RFC 8414), once; a failure is not kept. The document must be the
 * issuer's own (§3.3): another one would have us send our credentials elsewhere.
 */
export function createEndpoints(parts: EndpointsParts): () => Promise<Endpoints> {
  let found: Promise<Endpoints> | undefined;
  return () => {
    found ??= load(parts).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function load({ issuer, send, timeoutMs }: EndpointsParts): Promise<Endpoints> {
  const response = await send(`${issuer}/.well-known/oauth-authorization-server`, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) throw new Error(`the metadata of the issuer answered ${response.status}`);
  const document = (await response.json()) as Readonly<Record<string, unknown>> | null;
  if (document?.['issuer'] !== issuer) throw new Error('the metadata is that of another issuer');
  const endpoint = (member: string): string => {
    const url = document[member];
    const { protocol } = new URL(issuer);
    if (typeof url === 'string' && URL.parse(url)?.protocol === protocol) return url;
    throw new Error(`the metadata of the issuer has no ${member}`);
  };
  return {
    introspection: endpoint('introspection_endpoint'),
    token: endpoint('token_endpoint'),
    jwks: endpoint('jwks_uri'),
    revocations: `${issuer}/revocations`,
    usage: `${issuer}/usage`,
  };
}
