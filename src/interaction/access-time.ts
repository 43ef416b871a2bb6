import { describeOffer, durationsFor, endOf, type DurationChoice } from '../consent/index.ts';
import type { Account } from '../identity/index.ts';
import { languageOf, type Language } from '../language/index.ts';
import type { Scope } from '../smart/index.ts';
import { mostDaysOf } from './acting-for.ts';
import type { InteractionParts } from './parts.ts';
import type { Visit } from './visit.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** This visit alone: as good as to untick what keeps access, and in the list of how long. */
const ONCE = 'once';

/** How long access lasts, as the consent screen says it. */
interface AccessTime {
  readonly until: string;
  readonly offline: boolean;
  /** What may be chosen, where the app may keep coming back. */
  readonly durations?: readonly {
    readonly value: string;
    readonly label: string;
    readonly detail: string;
    readonly checked: boolean;
  }[];
}

export function accessInWords(
  offer: readonly Scope[],
  visit: Visit,
  account: Account,
  parts: InteractionParts,
): AccessTime {
  const { config, clock } = parts;
  const language = languageOf(visit.ctx);
  const { say } = language;
  const { emergency } = visit.progress;
  const { minutes } = visit.fhirServer.breakGlass ?? {};
  if (emergency?.state === 'told' && minutes !== undefined)
    return { until: say('access.until-minutes', { minutes }), offline: false };
  const hours = Math.max(1, Math.round(config.tokens.accessTokenSeconds / HOUR));
  const refreshing = describeOffer(offer, language).flatMap(({ scopes }) => scopes);
  const labelOf = (name: string): string | undefined => refreshing.find(({ value }) => value === name)?.label;
  const [offline, online] = [labelOf('offline_access'), labelOf('online_access')];
  if (offline !== undefined) {
    const lesser = online === undefined ? [] : [say('access.only-online', { online })];
    return {
      until: [say('access.until-offline', { hours, offline }), ...lesser].join(' '),
      offline: true,
      durations: [
        { value: ONCE, checked: false, label: say('duration.once'), detail: say('access.until', { hours }) },
        ...durationsFor(config.consent, mostDaysOf(visit, account, clock())).map((one) =>
          inWords(one, clock(), parts, language),
        ),
      ],
    };
  }
  if (online !== undefined) return { until: say('access.until-online', { hours, online }), offline: false };
  return { until: say('access.until', { hours }), offline: false };
}

function inWords(
  { value, days, checked }: DurationChoice,
  now: number,
  { config }: InteractionParts,
  { say, date }: Language,
) {
  const unused = config.tokens.refreshTokenSeconds;
  const unusedDays = Math.floor(unused / DAY);
  const end = endOf({ ...(days === undefined ? {} : { days }) }, now);
  if (days === undefined || end === undefined) {
    const detail = say('duration.idle', { days: unusedDays, date: date(now + unused) });
    return { value, checked, label: say('duration.until-stopped'), detail };
  }
  const label = labelOf(days, say);
  const until = say('duration.until', { date: date(end) });
  const earlier = days * DAY > unused ? [say('duration.earlier', { days: unusedDays })] : [];
  return { value, checked, label, detail: [until, ...earlier].join(' ') };
}

/** More days than a year say nothing to anybody; the date stands below. */
function labelOf(days: number, say: Language['say']): string {
  if (days === 365) return say('duration.year');
  return days > 366 ? say('duration.longest') : say('duration.days', { days });
}

/** What the form ticked: who chose to share once keeps up nothing, whatever is ticked beside it. */
export function tickedScopes(fields: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const ticked = new Set(fields.get('scope'));
  if (fields.get('duration')?.[0] === ONCE)
    for (const lasting of ['offline_access', 'online_access']) ticked.delete(lasting);
  return ticked;
}

/** What the form chose; the preselected one where it says nothing. `undefined`: it says something that was not offered. */
export function chosenDuration(
  visit: Visit,
  account: Account,
  granted: readonly Scope[],
  fields: ReadonlyMap<string, readonly string[]>,
  { config, clock }: InteractionParts,
): Pick<DurationChoice, 'days'> | undefined {
  // Whatever else is granted ends by itself.
  if (!granted.some(({ text }) => text === 'offline_access')) return {};
  const choices = durationsFor(config.consent, mostDaysOf(visit, account, clock()));
  const named = fields.get('duration')?.[0];
  return choices.find(({ value, checked }) => (named === undefined ? checked : value === named));
}
