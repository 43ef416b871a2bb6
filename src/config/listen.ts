import { z } from 'zod';

import { tls } from './tls.ts';

const port = z.coerce.number().int().min(0).max(65_535);

/** Where apps and browsers reach us. */
export const listen = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('address to listen on; 0.0.0.0 in a container'),
    port: port.default(3000),
    drainDelayS: z
      .number()
      .min(0)
      .max(60)
      .default(0)
      .describe('not ready, and still served, so many seconds after SIGTERM: until balancers have seen it'),
    tls: tls.optional().describe('speak https ourselves; without it a proxy in front has to'),
  })
  .prefault({});

/** Where operators do. */
export const management = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('never reachable from outside'),
    port: port.default(9000),
  })
  .prefault({})
  .describe('/health/live, /health/ready and /metrics');
