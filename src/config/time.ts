import { z } from 'zod';

const NTP_PORT = 123;
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

/** `host`, `host:port`; IPv6 in brackets. */
const timeServer = z.string().transform((text, check) => {
  const [, name = '', bracketed = '', digits] =
    /^(?:([^[\]:]+)|\[([0-9a-f:.]+)\])(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const port = digits === undefined ? NTP_PORT : Number(digits);
  if ((HOST.test(name) || bracketed !== '') && port >= 1 && port <= 65_535)
    return { host: name || bracketed, port };
  check.addIssue({ code: 'custom', message: 'must be a host, or host:port, such as ntp.example.org' });
  return z.NEVER;
});

const milliseconds = (least: number, byDefault: number) =>
  z.number().int().min(least).max(10_000).default(byDefault);

/** Whose time counts (SEC-2). */
export const time = z
  .strictObject({
    servers: z
      .array(timeServer)
      .max(10)
      .default([])
      .describe('NTP servers that confirm the clock of this machine; none: it is believed'),
    maxSkewMs: milliseconds(100, 1000).describe('a clock that is wronger than this issues nothing'),
    warnMs: milliseconds(10, 250).describe('from here on the log has a warning'),
    checkEveryS: z.number().int().min(1).max(600).default(10),
    holdoverS: z
      .number()
      .int()
      .min(0)
      .max(86_400)
      .default(900)
      .describe('so long the clock counts as it was last confirmed while no server answers'),
    redisMaxSkewMs: milliseconds(100, 1000).describe('as maxSkewMs, against the clock of each Redis'),
  })
  .refine(({ warnMs, maxSkewMs }) => warnMs <= maxSkewMs, {
    path: ['warnMs'],
    message: 'must not be above maxSkewMs',
  })
  .prefault({});

/** In which people read days and times. */
export const timeZone = z
  .string()
  .refine(isTimeZone, 'must be an IANA time zone such as America/New_York')
  .default('UTC')
  .describe('in which people read days and times');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
