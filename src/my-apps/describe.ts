import { hostInWords, type ClientRegistration } from '../clients/index.ts';
import { describeOffer, typeInWords, type GrantSummary } from '../consent/index.ts';
import type { Language } from '../language/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import { askedAbout, parseScopeList } from '../smart/index.ts';
import type { UsageEntry, UsageRecord } from '../usage/index.ts';
import { MY_APPS_PATH } from './path.ts';

/** One grant as its person reads it. */
export interface AppEntry {
  /** What the form of this entry posts. */
  readonly ref: string;
  /** Where a part of it is taken back; absent: somebody else allowed it. */
  readonly changeHref?: string;
  /** Who else allowed it, for the person who reads this. */
  readonly allowedBy?: string;
  readonly app: { readonly name: string; readonly host?: string };
  readonly patient?: string;
  readonly fhirServer: string;
  readonly allowedOn: string;
  readonly until: string;
  readonly lastUse: string;
  /** What was read lately, the latest first. */
  readonly seen: readonly string[];
  readonly may: readonly { readonly legend: string; readonly labels: readonly string[] }[];
  readonly canWrite: boolean;
  /** Its person allowed it for a patient they act for. */
  readonly isForOther: boolean;
  /** Also while nobody uses the app. */
  readonly always: boolean;
}

export interface Described {
  readonly grant: GrantSummary;
  /** Absent: it is not registered here any more. */
  readonly client?: ClientRegistration;
  readonly patient?: string;
  /** Who allowed it, where that is somebody else than who reads this. */
  readonly allowedBy?: string;
  readonly fhirServer: string;
  readonly usage: UsageRecord;
  readonly now: EpochSeconds;
  readonly language: Language;
}

/** No token lives longer than this. */
const LONGEST_TOKEN_SECONDS = 24 * 3600;
/** So many kinds of data are named; more is a number. */
const MOST_KINDS = 6;
/** Of what an app may do, what a person counts. */
const SHOWN_GROUPS: ReadonlySet<string> = new Set([
  ...['record', 'changes', 'sensitive', 'patients', 'patients-changes'],
]);
const CHANGES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete']);

export function describeGrant(described: Described): AppEntry {
  const { grant, client, patient, allowedBy, fhirServer, usage, now, language } = described;
  const scopes = parseScopeList(grant.scope).scopes;
  const groups = describeOffer(askedAbout(scopes), language).filter(({ id }) => SHOWN_GROUPS.has(id));
  const [redirectUri] = client?.redirect_uris ?? [];
  const isOfAll = groups.some(({ id }) => id === 'patients' || id === 'patients-changes');
  const whose = patient ?? (isOfAll ? language.say('my-apps.every-patient') : undefined);
  const has = (text: string): boolean => scopes.some((scope) => scope.text === text);
  return {
    ref: grant.ref,
    ...(allowedBy === undefined ? { changeHref: `${MY_APPS_PATH}/${grant.ref}` } : { allowedBy }),
    app: {
      name: client?.client_name ?? grant.clientId,
      ...(redirectUri === undefined ? {} : { host: hostInWords(redirectUri) }),
    },
    ...(whose === undefined ? {} : { patient: whose }),
    fhirServer,
    allowedOn: language.moment(grant.allowedAt),
    until: untilWords(grant, now, has('offline_access'), has('online_access'), language),
    lastUse: lastUseWords(grant, usage, language),
    seen: kindsSeen(usage.entries, language),
    may: groups.map(({ legend, scopes: shown }) => ({ legend, labels: shown.map(({ label }) => label) })),
    canWrite: groups.some(({ scopes: shown }) => shown.some(({ write }) => write)),
    isForOther: allowedBy === undefined && grant.actsAs !== undefined,
    always: has('offline_access'),
  };
}

function untilWords(
  { expiresAt, endsAt }: GrantSummary,
  now: EpochSeconds,
  isOffline: boolean,
  isOnline: boolean,
  { say, date }: Language,
): string {
  const idle = date(expiresAt);
  if (isOffline && endsAt !== undefined)
    return endsAt === expiresAt ? idle : say('my-apps.until-both', { end: date(endsAt), idle });
  if (isOffline) return say('my-apps.until-idle', { idle });
  if (isOnline) return say('my-apps.until-sign-out', { date: idle });
  // It cannot come back: what it holds is all there will be.
  return date(Math.min(expiresAt, now + LONGEST_TOKEN_SECONDS));
}

/** Where no health record server reports anything, the app's own visits are all there is to say. */
function lastUseWords(
  { renewedAt, endsAt, expiresAt }: GrantSummary,
  { entries }: UsageRecord,
  { say, date }: Language,
): string {
  // A grant that ends with its chosen time does not say when it was prolonged last.
  if (entries.length === 0 && endsAt === expiresAt) return say('my-apps.use-unknown');
  if (entries.length === 0) return say('my-apps.came-back', { date: date(renewedAt) });
  return date(Math.max(...entries.map(({ last }) => last)));
}

function kindsSeen(entries: readonly UsageEntry[], language: Language): string[] {
  const latest = entries.toSorted((one, other) => other.last - one.last);
  const words = new Set(
    latest.map(({ resourceType, interaction, last }) => {
      const values = { kind: typeInWords(resourceType, language), date: language.date(last) };
      return language.say(CHANGES.has(interaction) ? 'my-apps.was-changed' : 'my-apps.was-read', values);
    }),
  );
  const all = [...words];
  const rest = all.length - MOST_KINDS;
  return rest > 0 ? [...all.slice(0, MOST_KINDS), language.say('my-apps.more', { count: rest })] : all;
}
