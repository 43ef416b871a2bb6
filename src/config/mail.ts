import { z } from 'zod';

import { isLoopback } from '../clients/index.ts';
import { Secret } from './secret.ts';

/** An address, or a name and an address; nothing that could begin another header. */
const SENDER = /^(?:[^<>"\p{C}]{1,100} <[^\s<>@]{1,64}@[^\s<>@]{1,250}>|[^\s<>@]{1,64}@[^\s<>@]{1,250})$/u;

/** Through whom we send mail; codes travel in it, so never in the clear except on this machine. */
export const mail = z
  .strictObject({
    host: z.string().min(1).describe('the SMTP server that takes our mail'),
    port: z.coerce.number().int().min(1).max(65_535).default(587),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('starttls is insisted on, tls is from the first byte; none is for this machine only'),
    certificate: z
      .string()
      .optional()
      .describe('whom to trust beside the usual authorities, as PEM, or `certificateFile`'),
    user: z.string().min(1).optional(),
    password: z
      .string()
      .min(1)
      .transform((text) => new Secret(text))
      .optional(),
    from: z
      .string()
      .regex(SENDER, 'must be an e-mail address, or a name and one: Riverside <no-reply@riverside.example>')
      .describe('whom people read it is from: an address, or `Name <address>`'),
  })
  .refine(({ security, host }) => security !== 'none' || isLoopback(host) || host === '::1', {
    path: ['security'],
    message: 'none is for localhost only; use starttls or tls',
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    path: ['password'],
    message: 'belongs with user; set both or neither',
  })
  .optional();
