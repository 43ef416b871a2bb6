import type { Authorizer } from './credentials.ts';
import type { Endpoints } from './endpoints.ts';

/** Sends a request of ours to one of Gatehouse's endpoints. */
export type GatehouseSender = (
  endpoint: keyof Endpoints,
  init: {
    readonly method?: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | URLSearchParams;
    readonly signal: AbortSignal;
  },
  query?: string,
) => Promise<Response>;

/** Adds the credentials; where a token of ours is not taken any more, once with a new one. */
export function createSender(
  send: typeof fetch,
  endpoints: () => Promise<Endpoints>,
  authorizer: Authorizer,
): GatehouseSender {
  return async (endpoint, init, query = '') => {
    const url = (await endpoints())[endpoint] + query;
    const attempt = async (renew: boolean): Promise<Response> => {
      const authorization = await authorizer.header(renew);
      // A redirect would carry tokens and credentials to somebody we do not know.
      return send(url, { ...init, headers: { ...init.headers, authorization }, redirect: 'error' });
    };
    const first = await attempt(false);
    if (first.status !== 401 || !authorizer.canRenew) return first;
    await first.body?.cancel();
    return attempt(true);
  };
}
