import type { Context } from 'koa';

import { describeOffer } from '../consent/index.ts';
import { languageOf, type Language } from '../language/index.ts';
import { bundleOf, historyOf, type HistoryEntry } from '../records/index.ts';
import { askedAbout, parseScopeList } from '../smart/index.ts';
import type { MyAppsParts } from './parts.ts';
import { HISTORY_PATH, MY_APPS_PATH, RECORDS_PATH } from './path.ts';
import type { Person } from './person.ts';

const PAGE_SIZE = 20;
/** Further back there is the download. */
const LAST_PAGE = 500;

/** What the person decided, newest first. */
export async function showHistory(ctx: Context, { account }: Person, parts: MyAppsParts): Promise<void> {
  const language = languageOf(ctx);
  const asked = Math.min(Math.max(1, Math.trunc(Number(ctx.query['page'] ?? 1)) || 1), LAST_PAGE);
  const { records, torn } = await parts.records.of(account.accountId, asked * PAGE_SIZE + 1);
  const all = historyOf(records);
  const page = Math.min(asked, Math.max(1, Math.ceil(all.length / PAGE_SIZE)));
  const to = (number: number): string => `${HISTORY_PATH}?page=${number}`;
  parts.render(ctx, 'my-history', {
    entries: all.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE).map((entry) => inWords(entry, language)),
    pager: {
      label: language.say('choose-patient.page', { page }),
      ...(page > 1 ? { previous: to(page - 1) } : {}),
      ...(page * PAGE_SIZE < all.length ? { next: to(page + 1) } : {}),
    },
    ...(torn > 0 ? { notice: language.say('my-history.torn') } : {}),
    ...{ downloadHref: RECORDS_PATH, backHref: MY_APPS_PATH },
  });
}

function inWords(entry: HistoryEntry, language: Language): Record<string, unknown> {
  const { kind, why, clientName, at, until, patient, isForOther, fhirServer } = entry;
  const { reference, kept, refused } = entry;
  const hasAccess = kind === 'granted' || kind === 'changed';
  const seconds = (time: string): number => Math.trunc(Date.parse(time) / 1000);
  return {
    ...{ kind, app: clientName, on: language.moment(seconds(at)), fhirServer, isForOther, reference },
    ...(why === undefined ? {} : { why }),
    ...(patient === undefined ? {} : { patient }),
    ...(hasAccess
      ? { until: until === undefined ? language.say('my-history.lasting') : language.date(seconds(until)) }
      : {}),
    ...{ kept: labelsOf(kept, language), refused: labelsOf(refused, language) },
  };
}

function labelsOf(scopes: readonly string[], language: Language): string[] {
  const offer = describeOffer(askedAbout(parseScopeList(scopes.join(' ')).scopes), language);
  return offer.flatMap(({ scopes: shown }) => shown.map(({ label }) => label));
}

/** The person's own records, to take away. */
export async function downloadRecords(
  ctx: Context,
  { account }: Person,
  { records: archive, config, clock }: MyAppsParts,
): Promise<void> {
  const { records } = await archive.of(account.accountId);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Content-Disposition', 'attachment; filename="consents.json"');
  ctx.body = JSON.stringify(bundleOf(records, config.issuer, new Date(clock() * 1000).toISOString()));
  ctx.type = 'application/fhir+json';
}
