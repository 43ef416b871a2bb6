/**
 * The kit as a hook of Fastify: `gatehouse/resource-server/fastify`.
 *
 * ```ts
 * app.addHook('onRequest', guardFastify(server));
 * app.get('/fhir/Patient/:id', async (request) => serve(admittedBy(request)));
 * ```
 */
import { admit } from './admitted.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import type { ResourceServer } from './server.ts';

export { admittedBy } from './admitted.ts';
export type { Admitted, GuardOptions } from './guard.ts';

/** As much of a request as is used. */
export interface FastifyRequest {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** As much of a reply as is used. */
export interface FastifyReply {
  code(status: number): unknown;
  headers(headers: Readonly<Record<string, string>>): unknown;
  send(body: Uint8Array): unknown;
}

/** Lets through what may be done, and answers everything else: 401, 403, 404, 503. */
export function guardFastify(server: ResourceServer, options?: GuardOptions) {
  const check = createGuard(server, options);
  return async function guardFastifyHook(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { method, originalUrl: url, headers } = request;
    const checked = await check({ method, url, headers });
    if (checked.kind === 'answer') {
      reply.code(checked.status);
      reply.headers(checked.headers);
      // Bytes, since to text Fastify adds a charset.
      reply.send(Buffer.from(checked.body));
      // Fastify goes no further with what was answered.
      return reply;
    }
    admit(request, checked);
    return undefined;
  };
}
