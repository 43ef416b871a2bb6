/**
 * The kit as middleware of Express, and of whatever else takes `(request, response, next)`:
 * `gatehouse/resource-server/express`.
 *
 * ```ts
 * app.use('/fhir', guardExpress(server));
 * app.get('/fhir/Patient/:id', (request, response) => serve(admittedBy(request), response));
 * ```
 */
import { admit } from './admitted.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import type { ResourceServer } from './server.ts';

export { admittedBy } from './admitted.ts';
export type { Admitted, GuardOptions } from './guard.ts';

/** As much of a request as is used. */
export interface ExpressRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express leaves the whole path here where it cuts `url`. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** As much of a response as is used: Node's own. */
export interface ExpressResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string): unknown;
}

/** Lets through what may be done, and answers everything else: 401, 403, 404, 503. */
export function guardExpress(server: ResourceServer, options?: GuardOptions) {
  const check = createGuard(server, options);
  return function guardExpressMiddleware(
    request: ExpressRequest,
    response: ExpressResponse,
    next: (error?: unknown) => void,
  ): void {
    const { method = '', url = '', originalUrl = url, headers } = request;
    check({ method, url: originalUrl, headers })
      .then((checked) => {
        if (checked.kind === 'answer') {
          response.writeHead(checked.status, checked.headers);
          response.end(checked.body);
          return;
        }
        admit(request, checked);
        next();
      })
      .catch(next);
  };
}
