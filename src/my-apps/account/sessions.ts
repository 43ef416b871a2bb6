import type { Context } from 'koa';

import { languageOf } from '../../language/index.ts';
import type { MyAppsParts } from '../parts.ts';
import type { Person } from '../person.ts';

/** Where somebody is signed in, this browser first. */
export async function sessionsInWords(
  ctx: Context,
  { account, sessionId }: Person,
  { sessionList, sessionRef }: MyAppsParts,
): Promise<readonly object[]> {
  const { say, moment } = languageOf(ctx);
  const own = sessionRef(sessionId);
  const all = await sessionList.of(account.accountId);
  const words = all
    .toSorted((one, other) => other.seenAt - one.seenAt)
    .map((session) => {
      const { id, browser, system, network, signedInAt, seenAt } = session;
      const name = [browser, system].filter((part) => part !== undefined).join(', ');
      return {
        ...{ ref: id, isHere: id === own, name: name === '' ? say('account.some-browser') : name },
        since: say('account.session-since', { moment: moment(signedInAt) }),
        seen: say('account.session-seen', { moment: moment(seenAt) }),
        ...(network === undefined ? {} : { network }),
      };
    });
  return [...words.filter(({ isHere }) => isHere), ...words.filter(({ isHere }) => !isHere)];
}

/** Ends one of theirs, on every node. */
export async function signOut(ctx: Context, person: Person, ref: string, parts: MyAppsParts): Promise<void> {
  if (await parts.sessionList.end(person.account.accountId, ref)) await tell(ctx, person, parts);
}

/** Also here: whoever is not sure where they are signed in is sure afterwards. */
export async function signOutEverywhere(ctx: Context, person: Person, parts: MyAppsParts): Promise<void> {
  await parts.sessionList.endAll(person.account.accountId);
  await tell(ctx, person, parts);
  parts.render(ctx, 'signed-out', { message: languageOf(ctx).say('signed-out.everywhere') });
}

/** After another password: whoever knew the old one may be signed in somewhere. */
export async function signOutElsewhere(
  { account, sessionId }: Person,
  { sessionList, sessionRef }: MyAppsParts,
): Promise<void> {
  const own = sessionRef(sessionId);
  for (const { id } of await sessionList.of(account.accountId))
    if (id !== own) await sessionList.end(account.accountId, id);
}

async function tell(ctx: Context, { account }: Person, { audit, referenceOf }: MyAppsParts): Promise<void> {
  await audit.record({
    ...{ type: 'sign-out', outcome: 'success', accountId: account.accountId },
    ...{ reference: referenceOf(ctx), address: ctx.ip },
  });
}
