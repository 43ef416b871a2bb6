import { createResourceServer, type ResourceServer } from '../../src/resource-server/index.ts';
import type { ResourceServerOptions } from '../../src/resource-server/index.ts';
import { until } from './app.ts';
import { RS_SECRET } from './clients.ts';
import { FHIR } from './gatehouse.ts';

/** A resource server of the kit, and what it asks Gatehouse. */
export interface KitProbe {
  readonly server: ResourceServer;
  /** How often it asked at this path. */
  asked(path: string): number;
  /** What it answers a request with this token: the status, or 200. */
  status(token: string): Promise<number>;
  /** Resolves when the feed comes this way. */
  follows(feed: 'stream' | 'poll' | 'none'): Promise<void>;
}

/** @param mayPass `false`: the request fails as it does when nobody listens */
export function kitProbe(
  issuer: string,
  options: Partial<ResourceServerOptions> = {},
  mayPass: (path: string, headers: Headers) => boolean = () => true,
): KitProbe {
  const counts = new Map<string, number>();
  const server = createResourceServer({
    issuer,
    fhirBaseUrl: FHIR,
    credentials: { clientId: 'fhir-server', clientSecret: RS_SECRET },
    ...options,
    fetch: async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
      if (!mayPass(pathname, new Headers(init?.headers))) throw new TypeError('fetch failed');
      return fetch(input, init);
    },
  });
  return {
    server,
    asked: (path) => counts.get(path) ?? 0,
    async status(token) {
      const result = await server.authenticate({ authorization: `Bearer ${token}` });
      return result.ok ? 200 : result.status;
    },
    follows: (feed) => until(() => server.status().feed === feed, `the feed comes by ${feed}`),
  };
}
