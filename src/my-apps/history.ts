import type { Context } from 'koa';

import { dateOf, describeOffer } from '../consent/index.ts';
import { bundleOf, historyOf, type DecisionKind, type HistoryEntry } from '../records/index.ts';
import { parseScopeList } from '../smart/index.ts';
import type { MyAppsParts } from './parts.ts';
import { HISTORY_PATH, MY_APPS_PATH, RECORDS_PATH } from './path.ts';
import type { Person } from './person.ts';

const PAGE_SIZE = 20;
const WHAT: Readonly<Record<DecisionKind, string>> = {
  granted: 'You allowed',
  changed: 'You changed what may do',
  stopped: 'Access was stopped:',
  refused: 'You refused',
  withdrawn: 'You allowed, without effect:',
};
const LASTING = 'When the app does not come back any more';
const TORN = 'Some entries could not be read, and are not shown here. Ask the organisation about them.';

/** What the person decided, newest first. */
export async function showHistory(ctx: Context, { account }: Person, parts: MyAppsParts): Promise<void> {
  const { records, torn } = await parts.records.of(account.accountId);
  const all = historyOf(records);
  const pages = Math.max(1, Math.ceil(all.length / PAGE_SIZE));
  const asked = Math.trunc(Number(ctx.query['page'] ?? 1)) || 1;
  const page = Math.min(Math.max(1, asked), pages);
  const to = (number: number): string => `${HISTORY_PATH}?page=${number}`;
  parts.render(ctx, 'my-history', {
    entries: all.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE).map(inWords),
    pager: {
      label: `Page ${page} of ${pages}`,
      ...(page > 1 ? { previous: to(page - 1) } : {}),
      ...(page < pages ? { next: to(page + 1) } : {}),
    },
    ...(torn > 0 ? { notice: TORN } : {}),
    ...{ downloadHref: RECORDS_PATH, backHref: MY_APPS_PATH },
  });
}

function inWords(entry: HistoryEntry): Record<string, unknown> {
  const { kind, clientName, at, until, patient, fhirServer, reference, kept, refused } = entry;
  const hasAccess = kind === 'granted' || kind === 'changed';
  const day = (time: string): string => dateOf(Date.parse(time) / 1000);
  return {
    ...{ what: WHAT[kind], app: clientName, on: day(at), fhirServer, reference },
    ...(patient === undefined ? {} : { patient }),
    ...(hasAccess ? { until: until === undefined ? LASTING : day(until) } : {}),
    ...{ kept: labelsOf(kept), refused: labelsOf(refused) },
  };
}

function labelsOf(scopes: readonly string[]): string[] {
  const offer = describeOffer(parseScopeList(scopes.join(' ')).scopes);
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
