import type { Context } from 'koa';

/** SMART's `management_endpoint` (DISC-19). */
export const MY_APPS_PATH = '/apps';
/** What somebody decided, and the records of it to take away. */
export const HISTORY_PATH = `${MY_APPS_PATH}/history`;
export const RECORDS_PATH = `${HISTORY_PATH}/consents.json`;

/** Where people see and change how they sign in. */
export const ACCOUNT_PATH = '/account';

/** After a form: the list anew, and what was done in its address. */
export function backToList(ctx: Context, done?: string): void {
  goTo(ctx, done === undefined ? MY_APPS_PATH : `${MY_APPS_PATH}?${done}`);
}

export function goTo(ctx: Context, path: string): void {
  ctx.redirect(path);
  ctx.status = 303;
}

/** Where who has signed in goes on. */
export function homeOf({ path }: Pick<Context, 'path'>): string {
  return isAccount(path) ? path : MY_APPS_PATH;
}

export function isAccount(path: string): boolean {
  return path === ACCOUNT_PATH || path.startsWith(`${ACCOUNT_PATH}/`);
}

/** In the address after a change: what was done. */
export const STOPPED = 'stopped';
export const CHANGED = 'changed';
