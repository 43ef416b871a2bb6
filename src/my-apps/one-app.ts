import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import { languageOf } from '../language/index.ts';
import { patientNameOf, serverNameOf, stopOne, whatChanged } from './grants.ts';
import { choicesOf, choose, type Choice } from './narrow.ts';
import type { MyAppsParts } from './parts.ts';
import { CHANGED, MY_APPS_PATH, STOPPED, backToList } from './path.ts';
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
    form: formOf(person, `${MY_APPS_PATH}/${grant.ref}`, STEP),
    backHref: MY_APPS_PATH,
    ...(error === undefined ? {} : { error }),
  };
  parts.render(ctx, 'my-app', data, error === undefined ? 200 : 422);
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
    await stopOne(ctx, person, grant, parts);
    return backToList(ctx, STOPPED);
  }
  const choice = choose(grant.scope, fields.getAll('scope'));
  if (choice.kind === 'nothing') return show(ctx, person, grant, parts, say('my-app.nothing-left'));
  const isLeft = choice.kind === 'unchanged' || (await leave(ctx, person, grant, choice, parts));
  return backToList(ctx, isLeft ? CHANGED : STOPPED);
}

async function leave(
  ctx: Context,
  person: Person,
  grant: GrantSummary,
  { scope, dropped }: Choice & { kind: 'less' },
  parts: MyAppsParts,
): Promise<boolean> {
  if (!(await parts.narrow(grant.grantId, scope))) return false;
  await parts.audit.record({
    ...{ type: 'consent.narrowed', outcome: 'success', scope, dropped },
    ...whatChanged(ctx, person, grant, parts),
  });
  return true;
}
