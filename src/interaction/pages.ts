import path from 'node:path';
import { Eta } from 'eta';
import type { Context } from 'koa';

import { languageOf, type PageName } from '../language/index.ts';
import { otherLanguages } from './other-languages.ts';
import { wordsFor } from './page-words.ts';

/** Draws the pages of `views/`; each page's data is described in views/README.md. */
export interface Pages {
  render(ctx: Context, page: PageName, data: Readonly<Record<string, unknown>>, status?: number): void;
  /** What {@link render} would answer with, without what differs from one request to the next: reference, links to other languages. */
  text(ctx: Context, page: PageName, data: Readonly<Record<string, unknown>>): string;
  error(ctx: Context, page: ErrorPage): void;
  /** Asks whether to sign out; `xsrf` proves that we asked. */
  signOut(ctx: Context, form: { readonly action: string; readonly xsrf: string }): void;
  signedOut(ctx: Context): void;
}

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

export interface PagesOptions {
  readonly viewsDir: string;
  readonly brandName: string;
  /** Address of the style sheet. */
  readonly stylesheet: string;
  /** Address of the script for passkeys, which the pages that need it load. */
  readonly passkeyScript: string;
  /** Address of the organisation's logo; absent: our mark. */
  readonly logo?: string | undefined;
  /** A template of the organisation's own, by its path below `viewsDir`; `undefined`: ours. */
  readonly templateFor?: (relative: string) => string | undefined;
}

export function createPages(options: PagesOptions): Pages {
  const { brandName, stylesheet, passkeyScript, logo } = options;
  const eta = templates(options);
  const draw = (ctx: Context, page: PageName, data: object, around: object): string => {
    const language = languageOf(ctx);
    const common = {
      ...{ lang: language.tag, dir: language.direction, title: language.say(`${page}.title`) },
      ...{ brandName, cssHref: stylesheet, passkeyHref: passkeyScript, ...around },
      ...(logo === undefined ? {} : { logoHref: logo }),
    };
    return eta.render(`./${page}`, { page: common, ...wordsFor(language), ...data });
  };
  const text: Pages['text'] = (ctx, page, data) => draw(ctx, page, data, {});
  const render: Pages['render'] = (ctx, page, data, status = 200) => {
    ctx.status = status;
    ctx.type = 'html';
    ctx.vary('Accept-Language');
    ctx.set('Cache-Control', 'no-store');
    const reference = String(ctx.state['reference'] ?? '');
    ctx.body = draw(ctx, page, data, { reference, languages: otherLanguages(ctx) });
  };
  return {
    render,
    text,
    signOut: (ctx, { action, xsrf }) =>
      render(ctx, 'sign-out', {
        form: { action, hidden: [{ name: 'xsrf', value: xsrf }] },
        buttons: { signOut: { name: 'logout', value: 'yes' }, stay: {} },
      }),
    signedOut: (ctx) => render(ctx, 'signed-out', { message: languageOf(ctx).say('signed-out.message') }),
    error: (ctx, { status, ...page }) =>
      render(ctx, 'error', { ...page, reference: String(ctx.state['reference'] ?? '') }, status),
  };
}

/** Ours, and in their place the organisation's own, which may include ours. */
function templates({ viewsDir, templateFor }: PagesOptions): Eta {
  const views = path.resolve(viewsDir);
  const eta = new Eta({ views, autoTrim: false, cache: true });
  const { resolvePath } = eta;
  if (!templateFor || !resolvePath) return eta;
  const own = new Map<string, string>();
  eta.resolvePath = (template, options) => {
    const from = options?.filepath === undefined ? undefined : own.get(options.filepath);
    const ours = resolvePath.call(
      eta,
      template,
      from === undefined ? options : { ...options, filepath: from },
    );
    const theirs = templateFor(path.relative(views, ours));
    if (theirs !== undefined) own.set(theirs, ours);
    return theirs ?? ours;
  };
  return eta;
}
