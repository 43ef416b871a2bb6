import { dateOf, describeOffer, durationsFor, endOf, type DurationChoice } from '../consent/index.ts';
import type { Scope } from '../smart/index.ts';
import type { InteractionParts } from './parts.ts';
import type { Visit } from './visit.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

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
  { client }: Visit,
  parts: InteractionParts,
): AccessTime {
  const { config, clock } = parts;
  const { accessTokenSeconds } = config.tokens;
  const hours = Math.max(1, Math.round(accessTokenSeconds / HOUR));
  const soon = `Access ends after ${hours === 1 ? 'one hour' : `${hours} hours`}`;
  const refreshing = describeOffer(offer).flatMap(({ scopes }) => scopes);
  const labelOf = (name: string): string | undefined => refreshing.find(({ value }) => value === name)?.label;
  const [offline, online] = [labelOf('offline_access'), labelOf('online_access')];
  if (offline !== undefined) {
    const lesser = online === undefined ? '' : ` If only “${online}” is ticked, it ends when you sign out.`;
    return {
      until: `${soon}, or, if “${offline}” is ticked, after the time you choose here.${lesser}`,
      offline: true,
      durations: durationsFor(config.consent, client.max_access_days).map((one) =>
        inWords(one, clock(), parts),
      ),
    };
  }
  if (online !== undefined)
    return { until: `${soon}, or, if “${online}” is ticked, when you sign out.`, offline: false };
  return { until: `${soon}.`, offline: false };
}

function inWords({ value, days, checked }: DurationChoice, now: number, { config }: InteractionParts) {
  const unused = config.tokens.refreshTokenSeconds;
  const idle = `It ends when the app is not used for ${Math.floor(unused / DAY)} days: today that would be ${dateOf(now + unused)}.`;
  const end = endOf({ ...(days === undefined ? {} : { days }) }, now);
  if (days === undefined || end === undefined)
    return { value, checked, label: 'Until I stop it', detail: idle };
  const label = days === 365 ? 'One year' : days === 1 ? 'One day' : `${days} days`;
  const until = `Until ${dateOf(end)}.`;
  const earlier = `It ends earlier when the app is not used for ${Math.floor(unused / DAY)} days.`;
  return { value, checked, label, detail: days * DAY > unused ? `${until} ${earlier}` : until };
}

/** What the form chose; the preselected one where it says nothing. `undefined`: it says something that was not offered. */
export function chosenDuration(
  { client }: Visit,
  granted: readonly Scope[],
  fields: ReadonlyMap<string, readonly string[]>,
  { config }: InteractionParts,
): Pick<DurationChoice, 'days'> | undefined {
  // Whatever else is granted ends by itself.
  if (!granted.some(({ text }) => text === 'offline_access')) return {};
  const choices = durationsFor(config.consent, client.max_access_days);
  const named = fields.get('duration')?.[0];
  return choices.find(({ value, checked }) => (named === undefined ? checked : value === named));
}
