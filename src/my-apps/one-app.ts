import type { Context } from 'koa';

import { patientNameOf, serverNameOf, stopOne, whatChanged } from './grants.ts';
import { choicesOf, choose, type Choice } from './narrow.ts';
import type { MyAppsParts, PersonGrant } from './parts.ts';
import { CHANGED, MY_APPS_PATH, STOPPED } from './path.ts';
import { EXPIRED, formOf, isOwnForm, type Person } from './person.ts';

const STEP = 'my-app';
const NOTHING_LEFT = 'Tick at least one kind of data, or stop all access of this app.';

export async function showApp(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  const grant = await grantAt(refIn(ctx), person, parts);
  return grant ? show(ctx, person, grant, parts) : backTo(ctx);
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
): Promise<PersonGrant | undefined> {
  return (await grantsOf(account.accountId)).find(({ ref }) => ref === named);
}

/** What has ended, or is none of theirs, is not in the list either. */
function backTo(ctx: Context, notice?: string): void {
  ctx.redirect(notice === undefined ? MY_APPS_PATH : `${MY_APPS_PATH}?${notice}`);
  ctx.status = 303;
}

async function show(
  ctx: Context,
  person: Person,
  grant: PersonGrant,
  parts: MyAppsParts,
  error?: string,
): Promise<void> {
  const [client, patient] = await Promise.all([
    parts.clients.find(grant.clientId),
    patientNameOf(grant, parts),
  ]);
  const data = {
    app: { name: client?.registration.client_name ?? grant.clientId },
    ...{ ref: grant.ref, fhirServer: serverNameOf(grant, parts), groups: choicesOf(grant.scope) },
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
  if (!grant) return backTo(ctx);
  if (!isOwnForm(person, fields, STEP)) return show(ctx, person, grant, parts, EXPIRED);
  if (fields.has('stop')) {
    await stopOne(ctx, person, grant, parts);
    return backTo(ctx, STOPPED);
  }
  const choice = choose(grant.scope, fields.getAll('scope'));
  if (choice.kind === 'nothing') return show(ctx, person, grant, parts, NOTHING_LEFT);
  const isLeft = choice.kind === 'unchanged' || (await leave(ctx, person, grant, choice, parts));
  return backTo(ctx, isLeft ? CHANGED : STOPPED);
}

async function leave(
  ctx: Context,
  person: Person,
  grant: PersonGrant,
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
