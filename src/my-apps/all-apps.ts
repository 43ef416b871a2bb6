import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import type { Account } from '../identity/index.ts';
import { languageOf, type Language } from '../language/index.ts';
import { describeGrant, type AppEntry } from './describe.ts';
import { grantsByOthers, patientNameOf, serverNameOf } from './grants.ts';
import type { MyAppsParts } from './parts.ts';
import { ACCOUNT_PATH, CHANGED, HISTORY_PATH, MY_APPS_PATH, STOPPED, backToList } from './path.ts';
import { stop } from './stop.ts';
import { formOf, isOwnForm, type Person, type Said } from './person.ts';

const STEP = 'my-apps';
const ALL = 'all';
const NOTICES = { [STOPPED]: 'my-apps.stopped', [CHANGED]: 'my-apps.changed' } as const;

export function showApps(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  const [notice] = Object.entries(NOTICES).flatMap(([name, key]) => (name in ctx.query ? [key] : []));
  return show(ctx, person, parts, notice === undefined ? {} : { notice: languageOf(ctx).say(notice) });
}

async function show(ctx: Context, person: Person, parts: MyAppsParts, said: Said): Promise<void> {
  const { account } = person;
  const [own, others] = await Promise.all([
    parts.grantsOf(account.accountId),
    grantsByOthers(account, parts),
  ]);
  const entries = (grants: readonly GrantSummary[]): Promise<AppEntry[]> => {
    const newest = grants.toSorted((one, other) => other.allowedAt - one.allowedAt);
    return Promise.all(newest.map((grant) => entryOf(grant, account, parts, languageOf(ctx))));
  };
  const data = {
    user: { name: account.name },
    ...{ apps: await entries(own), byOthers: await entries(others) },
    form: formOf(person, MY_APPS_PATH, STEP),
    all: ALL,
    signOutHref: parts.signOutPath,
    historyHref: HISTORY_PATH,
    accountHref: ACCOUNT_PATH,
    ...said,
  };
  parts.render(ctx, 'my-apps', data, said.error === undefined ? 200 : 422);
}

async function entryOf(
  grant: GrantSummary,
  reader: Account,
  parts: MyAppsParts,
  language: Language,
): Promise<AppEntry> {
  const isOwn = grant.accountId === reader.accountId;
  const [client, usage, patient, allowedBy] = await Promise.all([
    parts.clients.find(grant.clientId),
    parts.usage.of(grant.grantId),
    patientNameOf(grant, parts, language),
    isOwn ? undefined : nameOf(grant, parts, language),
  ]);
  return describeGrant({
    ...{ grant, usage, now: parts.clock(), fhirServer: serverNameOf(grant, parts, language) },
    language,
    ...(client ? { client: client.registration } : {}),
    ...(patient === undefined ? {} : { patient }),
    ...(allowedBy === undefined ? {} : { allowedBy }),
  });
}

async function nameOf({ accountId }: GrantSummary, parts: MyAppsParts, { say }: Language): Promise<string> {
  return (await parts.accounts.find(accountId))?.name ?? say('my-apps.somebody');
}

/** Ends what the form names, of the person's own or what others allowed for them; everything else is as good as not there. */
export async function takeApps(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  const { say } = languageOf(ctx);
  if (!isOwnForm(person, fields, STEP)) return show(ctx, person, parts, { error: say('my-apps.expired') });
  const named = fields.get('stop') ?? '';
  const own = await parts.grantsOf(person.account.accountId);
  const chosen =
    named === ALL
      ? own
      : [...own, ...(await grantsByOthers(person.account, parts))].filter(({ ref }) => ref === named);
  if (chosen.length === 0) return show(ctx, person, parts, { error: say('my-apps.gone') });
  await stop(ctx, person, chosen, parts);
  backToList(ctx, STOPPED);
}
