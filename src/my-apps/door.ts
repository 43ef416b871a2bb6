import type { Context } from 'koa';

import {
  showEnrolment,
  showPrintedCodes,
  showSecond,
  takeEnrolment,
  takeSecond,
  type Occasion,
} from '../second-step/index.ts';
import type { MyAppsParts } from './parts.ts';
import { goTo, homeOf } from './path.ts';
import { formOf, isOwnForm, whoIsAt, type Arrived, type Person, type Recency } from './person.ts';
import { takeProvider } from './provider.ts';
import { showSignIn, takeSignIn } from './sign-in.ts';

/** Lets in who has shown all they need, and asks everybody else for the rest of it. */
export async function letIn(
  ctx: Context,
  parts: MyAppsParts,
  show: (person: Person) => Promise<void>,
  wish: Recency = {},
): Promise<void> {
  const { person, needed } = await whoIsAt(ctx, parts, wish);
  if (person && needed.need === 'nothing') return show(person);
  return ask(ctx, { person, needed }, parts);
}

/** As {@link letIn}, for a form: of who has not shown all yet it is the form that asked for it, or it asks anew. */
export async function letFormIn(
  ctx: Context,
  fields: URLSearchParams,
  parts: MyAppsParts,
  take: (person: Person) => Promise<void>,
  wish: Recency = {},
): Promise<void> {
  const { person, needed } = await whoIsAt(ctx, parts, wish);
  if (!person || needed.need === 'first')
    return (await takeProvider(ctx, fields, parts, person)) ? undefined : takeSignIn(ctx, fields, parts);
  if (needed.need === 'nothing') return take(person);
  const step = needed.need;
  if (!isOwnForm(person, fields, step)) return ask(ctx, { person, needed }, parts);
  const occasion = occasionOf(ctx, person, parts);
  const read = (name: string): string => fields.get(name) ?? '';
  if (needed.need === 'second') {
    const method = await takeSecond(occasion, needed.of, read, parts.secondStep);
    if (method === 'shown') return;
    await parts.sessions.add(ctx, method);
    return goTo(ctx, homeOf(ctx));
  }
  const added = await takeEnrolment(occasion, read, parts.secondStep);
  if (added === 'shown') return;
  if (added === 'totp') await parts.sessions.add(ctx, added);
  await showPrintedCodes(occasion, homeOf(ctx), parts.secondStep);
}

async function ask(ctx: Context, { person, needed }: Arrived, parts: MyAppsParts): Promise<void> {
  if (!person) return showSignIn(ctx, parts);
  if (needed.need === 'first') return showSignIn(ctx, parts, { username: person.account.username });
  const occasion = occasionOf(ctx, person, parts);
  if (needed.need === 'second') return showSecond(occasion, needed.of, parts.secondStep);
  return showEnrolment(occasion, parts.secondStep);
}

function occasionOf(ctx: Context, person: Person, { referenceOf, signOutPath }: MyAppsParts): Occasion {
  const action = homeOf(ctx);
  return {
    ...{ ctx, action, account: person.account, binding: person.sessionId, out: { signOutHref: signOutPath } },
    form: (step) => formOf(person, action, step),
    seen: { reference: referenceOf(ctx), address: ctx.ip },
  };
}
