import Tokens from 'csrf';
import type { Context } from 'koa';

import { factorsNeeded, type Account, type FactorsAsked, type FactorsNeeded } from '../identity/index.ts';
import type { MyAppsParts } from './parts.ts';

/** Who is signed in to this browser. */
export interface Person {
  readonly account: Account;
  readonly formSecret: string;
  readonly sessionId: string;
}

/** Draws a page for somebody, or takes a form of theirs. */
export type Show = (ctx: Context, person: Person, parts: MyAppsParts) => Promise<void>;
export type Take = (
  ctx: Context,
  person: Person,
  fields: URLSearchParams,
  parts: MyAppsParts,
) => Promise<void>;

const tokens = new Tokens();

/** How long ago, in seconds, they may have signed in. */
export type Recency = Pick<FactorsAsked, 'maxAge'>;

export interface Arrived {
  /** `undefined`: nobody. */
  readonly person: Person | undefined;
  readonly needed: FactorsNeeded;
}

/** Who is at this browser, and what they have to show before they see anything. */
export async function whoIsAt(ctx: Context, parts: MyAppsParts, wish: Recency = {}): Promise<Arrived> {
  const { sessions, accounts, formSecret, factors, mayMail, config, clock } = parts;
  const session = await sessions.find(ctx);
  const account = session && (await accounts.find(session.accountId));
  if (!session || !account || account.disabled) return { person: undefined, needed: { need: 'first' } };
  const asked = {
    rule: config.signIn.mfa[account.role],
    isRequiredByClient: false,
    requestedAcr: [],
    ...wish,
  };
  const owned = { ...(await factors.read(account.accountId)), mayMail: mayMail(account) };
  const person = { account, formSecret: formSecret(session.id), sessionId: session.id };
  return { person, needed: factorsNeeded(asked, owned, session, clock()) };
}

/** The form as it was sent, which the parser in front has let through. */
export function postedFields({ request }: Context): URLSearchParams {
  return new URLSearchParams((request as { rawBody?: string }).rawBody ?? '');
}

/** @param step says which form it is: one of another page means nothing */
export function formOf({ formSecret }: Person, action: string, step: string): Record<string, string> {
  return { action, csrf: tokens.create(formSecret), step };
}

/** Was this form made by us, for this session and this page (attack row A067)? */
export function isOwnForm({ formSecret }: Person, fields: URLSearchParams, step: string): boolean {
  return fields.get('step') === step && tokens.verify(formSecret, fields.get('_csrf') ?? '');
}

/** What a person is told beside the page. */
export interface Said {
  readonly notice?: string;
  readonly error?: string;
}
