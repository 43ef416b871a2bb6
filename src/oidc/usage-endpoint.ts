import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import { z } from 'zod';

import type { Config } from '../config/index.ts';
import { FHIR_VERSIONS, resourceTypesOf } from '../smart/index.ts';
import { INTERACTIONS, type UsageStore } from '../usage/index.ts';
import { resourceServerOf, type CallerParts } from './resource-server-caller.ts';

export const USAGE = '/usage';

const MOST_LINES = 500;
const MOST_COUNT = 1_000_000_000;
const WHOLE = z.number().int();
const TYPES = new Set(['*', ...FHIR_VERSIONS.flatMap((version) => [...resourceTypesOf(version)])]);

const report = z.strictObject({
  uses: z
    .array(
      z.strictObject({
        grant_ref: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
        resource_type: z.string().refine((type) => TYPES.has(type)),
        interaction: z.enum(INTERACTIONS),
        count: WHOLE.min(1).max(MOST_COUNT),
        last: WHOLE.min(0).max(Number.MAX_SAFE_INTEGER),
      }),
    )
    .max(MOST_LINES),
});

export interface UsageEndpointParts extends CallerParts {
  readonly config: Pick<Config, 'fhirServers'>;
  readonly usage: UsageStore;
}

/**
 * `POST /usage`: a resource server says what was done with which grants. It holds no resource, no patient and no token; what
 * is not about a living grant that this resource server may ask about is ignored, and it is not told which that was.
 */
export function usageEndpoint(parts: UsageEndpointParts): Router {
  const router = new Router();
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: '128kb' });
  router.post(USAGE, async (ctx) => {
    const caller = await resourceServerOf(ctx, parts);
    if (!caller) return;
    await parse(ctx, async () => {
      const sent = report.safeParse((ctx.request as { body?: unknown }).body);
      if (!sent.success) {
        const [issue] = sent.error.issues;
        ctx.status = 400;
        ctx.body = {
          error: 'invalid_request',
          error_description: `${issue?.path.join('.') || 'the report'} is not as it should be`,
        };
        return;
      }
      const { client_id: by, fhir_servers: ids } = caller.client.registration;
      const urls = ids && parts.config.fhirServers.filter(({ id }) => ids.includes(id)).map(({ url }) => url);
      ctx.body = await parts.usage.note({
        by,
        ...(urls ? { fhirBaseUrls: urls } : {}),
        uses: sent.data.uses.map(({ grant_ref: grantRef, resource_type: resourceType, ...use }) => ({
          ...{ grantRef, resourceType, ...use },
        })),
      });
    });
  });
  return router;
}
