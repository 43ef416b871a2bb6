import type { DemoResource } from '../data/fhir.ts';

/** A stretch of time in milliseconds: `low` included, `high` not. A day or a year is a stretch too. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

const PARTIAL = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(T.+)?)?)?$/;
const DAY = 86_400_000;

/** Reads a FHIR date or dateTime of any precision; `undefined` when it is neither. */
export function spanOf(text: string): Span | undefined {
  const [, year, month, day, time] = PARTIAL.exec(text) ?? [];
  const low = Date.parse(year !== undefined && month === undefined ? `${year}-01-01` : text);
  if (year === undefined || Number.isNaN(low)) return undefined;
  if (time !== undefined) return { low, high: low + 1000 };
  if (day !== undefined) return { low, high: low + DAY };
  const start = new Date(low);
  const months = month === undefined ? 12 : 1;
  return { low, high: Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, 1) };
}

const PREFIXES: Readonly<Record<string, (found: Span, asked: Span) => boolean>> = {
  eq: (found, asked) => found.low >= asked.low && found.high <= asked.high,
  ge: (found, asked) => found.high > asked.high || found.low >= asked.low,
  gt: (found, asked) => found.high > asked.high,
  le: (found, asked) => found.low < asked.low || found.high <= asked.high,
  lt: (found, asked) => found.low < asked.low,
};

/** Reads `ge2024-01-01`; `undefined` when the prefix or the date is not one we know. */
export function parseDateQuery(text: string): ((found: Span) => boolean) | undefined {
  const [, prefix = '', date = ''] = /^([a-z]{2})?(.+)$/.exec(text) ?? [];
  const compare = PREFIXES[prefix || 'eq'];
  const asked = spanOf(date);
  return compare && asked ? (found) => compare(found, asked) : undefined;
}

/** When what a resource describes happened: what `date` searches and sorts by. */
export function dateOf(resource: DemoResource): Span | undefined {
  if ('effectiveDateTime' in resource) return spanOf(resource.effectiveDateTime);
  if ('occurrenceDateTime' in resource) return spanOf(resource.occurrenceDateTime);
  if ('performedDateTime' in resource) return spanOf(resource.performedDateTime);
  if ('date' in resource) return spanOf(resource.date);
  if (resource.resourceType === 'AuditEvent') return spanOf(resource.recorded);
  const { period } = 'period' in resource ? resource : {};
  if (period?.start === undefined) return undefined;
  const start = spanOf(period.start);
  const end = period.end === undefined ? undefined : spanOf(period.end);
  return start && { low: start.low, high: end?.high ?? Infinity };
}

/** When somebody asked for it or wrote it down: what `authored` and `authoredon` search. */
export function authoredOf(resource: DemoResource): Span | undefined {
  if ('authoredOn' in resource) return spanOf(resource.authoredOn);
  return 'authored' in resource ? spanOf(resource.authored) : undefined;
}
