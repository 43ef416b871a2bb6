import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import { describeGrant, type AppEntry } from './describe.ts';
import { serverNameOf, patientNameOf } from './grants.ts';
import type { MyAppsParts } from './parts.ts';
import { CHANGED, HISTORY_PATH, MY_APPS_PATH, STOPPED, backToList } from './path.ts';
import { stop } from './stop.ts';
import { EXPIRED, GONE, formOf, isOwnForm, type Person, type Said } from './person.ts';

const STEP = 'my-apps';
const ALL = 'all';
const NOTICES: Readonly<Record<string, string>> = {
  [STOPPED]: 'Done. That access has ended.',
  [CHANGED]: 'Saved. The app can use only what you left ticked.',
};

export function showApps(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  const [notice] = Object.entries(NOTICES).flatMap(([name, text]) => (name in ctx.query ? [text] : []));
  return show(ctx, person, parts, notice === undefined ? {} : { notice });
}

async function show(ctx: Context, person: Person, parts: MyAppsParts, said: Said): Promise<void> {
  const { account } = person;
  const grants = await parts.grantsOf(account.accountId);
  const newest = grants.toSorted((one, other) => other.allowedAt - one.allowedAt);
  const apps = await Promise.all(newest.map((grant) => entryOf(grant, parts)));
  const form = formOf(person, MY_APPS_PATH, STEP);
  const user = { name: account.name };
  const data = {
    user,
    apps,
    form,
    all: ALL,
    signOutHref: parts.signOutPath,
    historyHref: HISTORY_PATH,
    ...said,
  };
  parts.render(ctx, 'my-apps', data, said.error === undefined ? 200 : 422);
}

async function entryOf(grant: GrantSummary, parts: MyAppsParts): Promise<AppEntry> {
  const [client, usage, patient] = await Promise.all([
    parts.clients.find(grant.clientId),
    parts.usage.of(grant.grantId),
    patientNameOf(grant, parts),
  ]);
  return describeGrant({
    ...{ grant, usage, now: parts.clock(), fhirServer: serverNameOf(grant, parts) },
    ...(client ? { client: client.registration } : {}),
    ...(patient === undefined ? {} : { patient }),
  });
}

/** Ends what the form names, of the person's own; everything else is as good as not there. */
export async function takeApps(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  if (!isOwnForm(person, fields, STEP)) return show(ctx, person, parts, { error: EXPIRED });
  const named = fields.get('stop') ?? '';
  const own = await parts.grantsOf(person.account.accountId);
  const chosen = named === ALL ? own : own.filter(({ ref }) => ref === named);
  if (chosen.length === 0) return show(ctx, person, parts, { error: GONE });
  await stop(ctx, person, chosen, parts);
  backToList(ctx, STOPPED);
}
