import type { Context } from 'koa';

/** SMART's `management_endpoint` (DISC-19). */
export const MY_APPS_PATH = '/apps';
/** What somebody decided, and the records of it to take away. */
export const HISTORY_PATH = `${MY_APPS_PATH}/history`;
export const RECORDS_PATH = `${HISTORY_PATH}/consents.json`;

/** After a form: the list anew, and what was done in its address. */
export function backToList(ctx: Context, done?: string): void {
  ctx.redirect(done === undefined ? MY_APPS_PATH : `${MY_APPS_PATH}?${done}`);
  ctx.status = 303;
}

/** In the address after a change: what was done. */
export const STOPPED = 'stopped';
export const CHANGED = 'changed';
