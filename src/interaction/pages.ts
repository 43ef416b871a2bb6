import path from 'node:path';
import { Eta } from 'eta';
import type { Context } from 'koa';

/** Draws the pages of `views/`; each page's data is described in views/README.md. */
export interface Pages {
  render(ctx: Context, page: PageName, data: Readonly<Record<string, unknown>>, status?: number): void;
  /** What {@link render} would answer with. */
  text(ctx: Context, page: PageName, data: Readonly<Record<string, unknown>>): string;
  error(ctx: Context, page: ErrorPage): void;
  /** Asks whether to sign out; `xsrf` proves that we asked. */
  signOut(ctx: Context, form: { readonly action: string; readonly xsrf: string }): void;
  signedOut(ctx: Context): void;
}

export type PageName =
  | 'login'
  | 'choose-patient'
  | 'choose-encounter'
  | 'consent'
  | 'handover'
  | 'error'
  | 'home'
  | 'my-apps'
  | 'my-app'
  | 'my-history'
  | 'sign-out'
  | 'signed-out';

export interface ErrorPage {
  readonly status: number;
  readonly heading: string;
  readonly message: string;
  readonly advice?: string;
  readonly code?: string;
  readonly description?: string;
  readonly restartHref?: string;
  /** Lets the person sign in as somebody else, or give up and go back to the app. */
  readonly form?: Readonly<Record<string, string>>;
}

const TITLES: Readonly<Record<PageName, string>> = {
  login: 'Sign in',
  'choose-patient': 'Choose a patient',
  'choose-encounter': 'Choose a visit',
  consent: 'Allow access',
  handover: 'Going back to the app',
  error: 'Something is not right',
  home: 'Sign-in server',
  'my-apps': 'Apps that can use health records',
  'my-app': 'What an app may do',
  'my-history': 'What you decided',
  'sign-out': 'Sign out',
  'signed-out': 'Signed out',
};

export function createPages(viewsDir: string, brandName: string, stylesheet: string): Pages {
  const eta = new Eta({ views: path.resolve(viewsDir), autoTrim: false, cache: true });
  const text: Pages['text'] = (ctx, page, data) => {
    const reference = String(ctx.state['reference'] ?? '');
    const common = { lang: 'en', title: TITLES[page], brandName, cssHref: stylesheet, reference };
    return eta.render(`./${page}`, { page: common, ...data });
  };
  const render: Pages['render'] = (ctx, page, data, status = 200) => {
    ctx.status = status;
    ctx.type = 'html';
    ctx.set('Cache-Control', 'no-store');
    ctx.body = text(ctx, page, data);
  };
  return {
    render,
    text,
    signOut: (ctx, { action, xsrf }) =>
      render(ctx, 'sign-out', {
        form: { action, hidden: [{ name: 'xsrf', value: xsrf }] },
        buttons: { signOut: { name: 'logout', value: 'yes' }, stay: {} },
      }),
    signedOut: (ctx) => render(ctx, 'signed-out', { message: 'You have signed out.' }),
    error: (ctx, { status, ...page }) =>
      render(ctx, 'error', { ...page, reference: String(ctx.state['reference'] ?? '') }, status),
  };
}
