import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import Tokens from 'csrf';
import type { Context } from 'koa';

import type { Account } from '../identity/index.ts';
import { describeGrant, type AppEntry } from './describe.ts';
import type { MyAppsParts, PersonGrant } from './parts.ts';
import { MY_APPS_PATH } from './path.ts';
import { showSignIn, takeSignIn } from './sign-in.ts';

/** Says which form was sent; a form of another page means nothing here. */
const STEP = 'my-apps';
const ALL = 'all';
const STOPPED = 'stopped';
const EXPIRED = 'This page was open for too long. Nothing was changed: look again, and choose once more.';
const NO_NAME = 'One patient, whose name cannot be shown right now';
const GONE = 'That access has ended already.';

const tokens = new Tokens();

interface Person {
  readonly account: Account;
  readonly formSecret: string;
}

/**
 * Who is signed in sees which apps may use records through their account, and stops one or all of them; who is not signs in
 * first. Works without JavaScript: a form, and then the page anew (303).
 */
export function myAppsRoutes(parts: MyAppsParts): Router {
  const router = new Router();
  const parse = bodyParser({ enableTypes: ['form'], formLimit: '16kb' });
  router.get(MY_APPS_PATH, async (ctx) => {
    const person = await personAt(ctx, parts);
    if (!person) return showSignIn(ctx, parts);
    const notice = ctx.query[STOPPED] === undefined ? {} : { notice: 'Done. That access has ended.' };
    return showApps(ctx, person, parts, notice);
  });
  router.post(MY_APPS_PATH, parse, async (ctx) => {
    const fields = new URLSearchParams((ctx.request as { rawBody?: string }).rawBody ?? '');
    const person = await personAt(ctx, parts);
    return person ? stopSome(ctx, person, fields, parts) : takeSignIn(ctx, fields, parts);
  });
  return router;
}

async function personAt(
  ctx: Context,
  { sessions, accounts, formSecret }: MyAppsParts,
): Promise<Person | undefined> {
  const session = await sessions.find(ctx);
  const account = session && (await accounts.find(session.accountId));
  return session && account && !account.disabled
    ? { account, formSecret: formSecret(session.id) }
    : undefined;
}

async function showApps(
  ctx: Context,
  { account, formSecret }: Person,
  parts: MyAppsParts,
  said: { readonly notice?: string; readonly error?: string } = {},
): Promise<void> {
  const grants = await parts.grantsOf(account.accountId);
  const newest = grants.toSorted((one, other) => other.allowedAt - one.allowedAt);
  const apps = await Promise.all(newest.map((grant) => entryOf(grant, parts)));
  const form = { action: MY_APPS_PATH, csrf: tokens.create(formSecret), step: STEP };
  const user = { name: account.name };
  const data = { user, apps, form, all: ALL, signOutHref: parts.signOutPath, ...said };
  parts.render(ctx, 'my-apps', data, said.error === undefined ? 200 : 422);
}

async function entryOf(grant: PersonGrant, parts: MyAppsParts): Promise<AppEntry> {
  const { fhirBaseUrl, patient } = grant;
  const [client, usage, name] = await Promise.all([
    parts.clients.find(grant.clientId),
    parts.usage.of(grant.grantId),
    patient === undefined ? undefined : parts.patientName(fhirBaseUrl, patient),
  ]);
  const unnamed = patient === undefined ? undefined : NO_NAME;
  const named = name ?? unnamed;
  const server = parts.config.fhirServers.find(({ url }) => url === fhirBaseUrl);
  return describeGrant({
    ...{ grant, usage, fhirServer: server?.name ?? 'A health record system that is no longer used here' },
    ...(client ? { client: client.registration } : {}),
    ...(named === undefined ? {} : { patient: named }),
  });
}

/** Ends what the form names, of the person's own; everything else is as good as not there (A063). */
async function stopSome(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  if (fields.get('step') !== STEP || !tokens.verify(person.formSecret, fields.get('_csrf') ?? ''))
    return showApps(ctx, person, parts, { error: EXPIRED });
  const named = fields.get('stop') ?? '';
  const own = await parts.grantsOf(person.account.accountId);
  const chosen = named === ALL ? own : own.filter(({ ref }) => ref === named);
  if (chosen.length === 0) return showApps(ctx, person, parts, { error: GONE });
  for (const grant of chosen) await stopOne(ctx, person, grant, parts);
  ctx.redirect(`${MY_APPS_PATH}?${STOPPED}`);
  ctx.status = 303;
}

async function stopOne(
  ctx: Context,
  { account }: Person,
  { grantId, clientId, patient, scope, fhirBaseUrl }: PersonGrant,
  parts: MyAppsParts,
): Promise<void> {
  await parts.end(grantId);
  await parts.audit.record({
    ...{ type: 'token.revoked', outcome: 'success', what: 'grant' },
    ...{ reference: parts.referenceOf(ctx), address: ctx.ip, accountId: account.accountId },
    ...{ grantId, clientId, scope, fhirServer: fhirBaseUrl },
    ...(patient === undefined ? {} : { patient }),
  });
}
