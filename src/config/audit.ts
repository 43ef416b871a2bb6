import { z } from 'zod';

import { Secret } from './secret.ts';

const receiver = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'use small letters, digits and -')
      .describe('names it in logs and numbers; what it has been sent is remembered under it'),
    fhirServer: z.string().optional().describe('id of a FHIR server that takes AuditEvents'),
    host: z.string().min(1).optional().describe('instead: a syslog receiver that speaks TLS (RFC 5425)'),
    port: z.coerce.number().int().min(1).max(65_535).default(6514),
    certificate: z
      .string()
      .optional()
      .describe('whom to trust instead of the usual authorities, as PEM, or `certificateFile`'),
    clientCertificate: z
      .string()
      .optional()
      .describe('what we show the receiver, as PEM, or `clientCertificateFile`'),
    maxAwayS: z
      .number()
      .int()
      .min(1)
      .max(2_678_400)
      .optional()
      .describe('seconds it may be away; then nothing is issued until it is back. Absent: any time'),
    clientKey: z
      .string()
      .transform((text) => new Secret(text))
      .optional()
      .describe('its private key, as PEM, or `clientKeyFile`'),
  })
  .refine(({ fhirServer, host }) => (fhirServer === undefined) !== (host === undefined), {
    path: ['host'],
    message: 'give it a fhirServer or a host, and not both',
  })
  .refine((one) => (one.clientCertificate === undefined) === (one.clientKey === undefined), {
    path: ['clientKey'],
    message: 'belongs with clientCertificate; set both or neither',
  });

/** Where the audit log goes besides the files in which it is kept. */
export const audit = z
  .strictObject({
    alikePerMinute: z
      .number()
      .int()
      .min(0)
      .default(20)
      .describe('so many refusals alike are a record each; what is more is one record with a count. 0: all'),
    delivery: z
      .array(receiver)
      .default([])
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'two have the same id')
      .describe('who is sent the audit log as it grows'),
  })
  .prefault({});
