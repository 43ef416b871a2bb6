import type { Context } from 'koa';

import {
  lastAbout,
  leftAfter,
  wholeAndPart,
  withDecision,
  type GrantSummary,
  type OfferGroup,
} from '../consent/index.ts';
import { languageOf } from '../language/index.ts';
import { SHOWN, shownPage, type ShownPage } from '../records/index.ts';
import { breaksGlass, parseScopeList } from '../smart/index.ts';
import { askAgain } from './ask-again.ts';
import { recordDecision } from './decision-record.ts';
import { patientNameOf, serverNameOf, whatChanged } from './grants.ts';
import { choicesOf, choose, type Choice } from './narrow.ts';
import type { MyAppsParts } from './parts.ts';
import { CHANGED, MY_APPS_PATH, STOPPED, backToList } from './path.ts';
import { stop } from './stop.ts';
import { formOf, isOwnForm, type Person } from './person.ts';

const STEP = 'my-app';

/** What has ended, or is none of theirs, is not in the list either. */
export async function showApp(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  const grant = await grantAt(refIn(ctx), person, parts);
  return grant ? show(ctx, person, grant, parts) : backToList(ctx);
}

function refIn(ctx: Context): string | undefined {
  const { ref } = ctx['params'] as { readonly ref?: string };
  return ref;
}

/** The person's own grant that the address names. */
async function grantAt(
  named: string | undefined,
  { account }: Person,
  { grantsOf }: MyAppsParts,
): Promise<GrantSummary | undefined> {
  return (await grantsOf(account.accountId)).find(({ ref }) => ref === named);
}

async function show(
  ctx: Context,
  person: Person,
  grant: GrantSummary,
  parts: MyAppsParts,
  error?: string,
): Promise<void> {
  const page = await appPage(ctx, grant, parts);
  const data = {
    ...page.data,
    form: {
      ...formOf(person, `${MY_APPS_PATH}/${grant.ref}`, STEP),
      hidden: [{ name: SHOWN, value: page.digest }],
    },
    ...(error === undefined ? {} : { error }),
  };
  parts.render(ctx, 'my-app', data, error === undefined ? 200 : 422);
}

/** What the person reads. */
async function appPage(ctx: Context, grant: GrantSummary, parts: MyAppsParts): Promise<ShownPage> {
  const language = languageOf(ctx);
  const [client, patient] = await Promise.all([
    parts.clients.find(grant.clientId),
    patientNameOf(grant, parts, language),
  ]);
  const data = {
    app: { name: client?.registration.client_name ?? grant.clientId },
    ...{ ref: grant.ref, fhirServer: serverNameOf(grant, parts, language) },
    groups: choicesOf(grant.scope, language),
    ...(patient === undefined ? {} : { patient }),
    backHref: MY_APPS_PATH,
  };
  const form = { action: `${MY_APPS_PATH}/${grant.ref}`, step: STEP };
  return shownPage(data, parts.text(ctx, 'my-app', { ...data, form }), language.tag);
}

export async function takeApp(
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<void> {
  const grant = await grantAt(refIn(ctx), person, parts);
  if (!grant) return backToList(ctx);
  const { say } = languageOf(ctx);
  if (!isOwnForm(person, fields, STEP)) return show(ctx, person, grant, parts, say('my-apps.expired'));
  if (fields.has('stop')) {
    await stop(ctx, person, [grant], parts);
    return backToList(ctx, STOPPED);
  }
  const both = wholeAndPart(choicesOf(grant.scope, languageOf(ctx)), new Set(fields.getAll('scope')));
  if (both !== undefined)
    return show(ctx, person, grant, parts, say('consent.whole-and-part', { label: both }));
  const choice = choose(grant.scope, fields.getAll('scope'));
  if (choice.kind === 'nothing') return show(ctx, person, grant, parts, say('my-app.nothing-left'));
  const isLeft = choice.kind === 'unchanged' || (await leave(ctx, person, grant, choice, fields, parts));
  return backToList(ctx, isLeft ? CHANGED : STOPPED);
}

async function leave(
  ctx: Context,
  person: Person,
  grant: GrantSummary,
  { scope, dropped }: Choice & { kind: 'less' },
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<boolean> {
  // Drawn before it changes; another text than the one above the form is not what was read.
  const page = await appPage(ctx, grant, parts);
  await remember(
    grant,
    scope,
    { groups: choicesOf(grant.scope, languageOf(ctx)), ticked: fields.getAll('scope') },
    parts,
  );
  if (!(await parts.narrow(grant.grantId, scope))) return false;
  await recordDecision(
    ctx,
    'changed',
    person,
    grant,
    {
      ...{ kept: scope.split(' '), refused: dropped.split(' ') },
      ...(page.digest === fields.get(SHOWN) ? { shown: page } : {}),
    },
    parts,
  );
  await parts.audit.record({
    ...{ type: 'consent.narrowed', outcome: 'success', scope, dropped },
    ...whatChanged(ctx, person, grant, parts),
  });
  return true;
}

/** What they took back begins unticked the next time; an emergency leaves nothing behind. */
async function remember(
  grant: GrantSummary,
  left: string,
  { groups, ticked }: { readonly groups: readonly OfferGroup[]; readonly ticked: readonly string[] },
  { memory, clock }: MyAppsParts,
): Promise<void> {
  const { fhirBaseUrl, patient, scope } = grant;
  if (breaksGlass(scope)) return askAgain(grant, memory);
  await askAgain(grant, memory, (known) =>
    withDecision(known, {
      ...{ offered: parseScopeList(scope).scopes, kept: parseScopeList(left).scopes },
      ...{ fhirBaseUrl, decidedAt: clock(), ...(patient === undefined ? {} : { patient }) },
      left: leftAfter(groups, new Set(ticked), lastAbout(known, { fhirBaseUrl, patient })?.left),
    }),
  );
}
