import { z } from 'zod';

import { Secret } from './secret.ts';

const REDIS_URL = /^rediss?:\/\//;
const MUST_BE_REDIS_URL = 'must begin with redis:// or rediss://';

const redisUrl = z
  .string()
  .regex(REDIS_URL, MUST_BE_REDIS_URL)
  .transform((text) => new Secret(text));

/** `host:port`; a user or password in it would be printed. */
const sentinelAddress = z
  .string()
  .regex(/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):\d{1,5}$/i, 'must be host:port, such as sentinel-1.example:26379');

const password = z
  .string()
  .min(1)
  .transform((text) => new Secret(text));

const redisSentinel = z
  .strictObject({
    nodes: z
      .array(sentinelAddress)
      .min(1, 'name at least one sentinel')
      .describe('host:port of the sentinels; three or more'),
    master: z.string().min(1).describe('what the sentinels call the primary'),
    username: z.string().min(1).optional().describe('the ACL user of Redis'),
    password: password.optional().describe('its password'),
    sentinelUsername: z.string().min(1).optional().describe('the ACL user of the sentinels'),
    sentinelPassword: password.optional().describe('its password'),
    tls: z
      .stringbool()
      .or(z.boolean())
      .default(false)
      .describe('speak TLS with Redis and with the sentinels'),
    database: z.coerce.number().int().min(0).default(0),
  })
  .describe('a primary that sentinels watch');

const clusterNode = z.string().superRefine((text, check) => {
  const url = REDIS_URL.test(text) ? URL.parse(text) : undefined;
  if (!url?.hostname) check.addIssue({ code: 'custom', message: MUST_BE_REDIS_URL });
  else if (!/^\/?0?$/.test(url.pathname))
    check.addIssue({ code: 'custom', message: 'must name no database: a cluster has one only' });
});

const redisCluster = z
  .strictObject({
    nodes: z
      .array(clusterNode)
      .min(1, 'name at least one node')
      .superRefine(refuseDifferentUsers)
      .transform((nodes) => nodes.map((text) => new Secret(text)))
      .describe('URLs of some nodes, all with one scheme, user and password'),
  })
  .describe('masters that share the slots');

/** Nodes that are found later are spoken to as the first one is: the others must not promise anything else. */
function refuseDifferentUsers(nodes: readonly string[], check: z.RefinementCtx): void {
  const howSpokenTo = (text: string): string | undefined => {
    const url = REDIS_URL.test(text) ? URL.parse(text) : undefined;
    return url ? JSON.stringify([url.protocol, url.username, url.password]) : undefined;
  };
  const [first, ...others] = nodes.map(howSpokenTo);
  for (const [at, other] of others.entries()) {
    if (first === undefined || other === undefined || other === first) continue;
    check.addIssue({
      code: 'custom',
      path: [at + 1],
      message: 'must have the scheme, user and password of the first',
    });
  }
}

const TOPOLOGIES = ['redisUrl', 'redisSentinel', 'redisCluster'] as const;

/** Where everything is kept. Redis is laid out in one of three ways; two at once is a mistake worth stopping for. */
export const store = z
  .strictObject({
    driver: z.enum(['embedded', 'redis']).default('embedded'),
    dataDir: z.string().default('./data').describe('where the embedded store keeps its file'),
    epoch: z
      .string()
      .regex(/^[0-9a-f]{24}$/, 'is what `gatehouse store status` prints')
      .optional()
      .describe('start on this store only'),
    allowVolatile: z
      .boolean()
      .default(false)
      .describe('serve from a Redis on this machine though it may forget; never with real data'),
    durability: z
      .enum(['primary', 'replica'])
      .default('primary')
      .describe('what has to have a token, code or revocation before it counts'),
    replicas: z.number().int().min(1).max(8).default(1).describe('how many, where durability is replica'),
    redisUrl: redisUrl.optional(),
    redisSentinel: redisSentinel.optional(),
    redisCluster: redisCluster.optional(),
  })
  .prefault({})
  .superRefine((given, check) => {
    const [first, ...others] = TOPOLOGIES.filter((name) => given[name] !== undefined);
    for (const name of others)
      check.addIssue({ code: 'custom', path: [name], message: `also set as ${first ?? ''}; keep one` });
    if (given.driver === 'embedded' && given.durability === 'replica')
      check.addIssue({
        code: 'custom',
        path: ['durability'],
        message: 'the embedded store has no replicas; replica is for the redis driver',
      });
    if (given.driver === 'redis' && first === undefined)
      check.addIssue({
        code: 'custom',
        path: ['redisUrl'],
        message: 'the redis driver needs it, or REDIS_URL; or redisSentinel, or redisCluster',
      });
  });
