import Tokens from 'csrf';
import type { Context } from 'koa';

import type { Account } from '../identity/index.ts';
import type { MyAppsParts } from './parts.ts';

/** Who is signed in to this browser. */
export interface Person {
  readonly account: Account;
  readonly formSecret: string;
}

const tokens = new Tokens();

export async function personAt(
  ctx: Context,
  { sessions, accounts, formSecret }: MyAppsParts,
): Promise<Person | undefined> {
  const session = await sessions.find(ctx);
  const account = session && (await accounts.find(session.accountId));
  return session && account && !account.disabled
    ? { account, formSecret: formSecret(session.id) }
    : undefined;
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
