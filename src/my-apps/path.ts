import type { Context } from 'koa';

/** SMART's `management_endpoint` (DISC-19). */
export const MY_APPS_PATH = '/apps';
/** What somebody decided, and the records of it to take away. */
export const HISTORY_PATH = `${MY_APPS_PATH}/history`;
export const RECORDS_PATH = `${HISTORY_PATH}/consents.json`;

/** Where people see and change how they sign in. */
export const ACCOUNT_PATH = '/account';
/** For who has forgotten a password, and is not signed in. */
export const FORGOTTEN_PATH = `${ACCOUNT_PATH}/forgotten`;

/** Of the sign-in that a page is a way round from. */
const RESUME = 'resume';
/** As the engine makes them. */
const UID = /^[\w-]{21,64}$/;

interface SignInToResume {
  readonly uid: string;
  readonly uiLocales?: string;
}

/** @param back the sign-in that goes on afterwards, and its language */
export function forgottenHref(back?: SignInToResume): string {
  return FORGOTTEN_PATH + (back ? queryOf(back) : '');
}

function queryOf({ uid, uiLocales }: SignInToResume): string {
  const language = uiLocales === undefined ? {} : { ui_locales: uiLocales };
  return `?${new URLSearchParams({ [RESUME]: uid, ...language })}`;
}

/** Where a page leads whom another one sent round: `to` takes along what leads back. */
export function wayBack({ query }: Pick<Context, 'query'>): {
  readonly home: string;
  /** Somebody is on the way to an app. */
  readonly isBack: boolean;
  readonly to: (path: string) => string;
} {
  const { [RESUME]: uid, ui_locales: uiLocales } = query;
  if (typeof uid !== 'string' || !UID.test(uid))
    return { home: ACCOUNT_PATH, isBack: false, to: (path) => path };
  const along = queryOf({ uid, ...(typeof uiLocales === 'string' ? { uiLocales } : {}) });
  return { home: `/interaction/${uid}`, isBack: true, to: (path) => path + along };
}

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
