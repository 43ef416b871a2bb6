import type { Context, Middleware } from 'koa';

import { languageOf, speak, type Languages } from '../language/index.ts';

/** The query parameter of a link to the same page in another language. */
const LANGUAGE = 'lang';
const COOKIE = 'gatehouse-language';
const YEAR_MS = 365 * 24 * 3600 * 1000;

/** A link to this page in another language. */
interface OtherLanguage {
  readonly tag: string;
  readonly name: string;
  readonly href: string;
}

/** Every answer to a person is in the language they chose, or the app asked for, or their browser prefers. */
export function speakLanguages(languages: Languages): Middleware {
  return async function speakLanguagesMiddleware(ctx, next) {
    ctx.state['languages'] = languages;
    speakTo(ctx, languages, [ctx.query['ui_locales']].flat()[0]);
    await next();
  };
}

/** @param uiLocales what the app asked for, OpenID Connect Core 3.1.2.1 */
export function speakTo(ctx: Context, languages: Languages, uiLocales: string | undefined): void {
  // Later, a request that was too long may have lost its socket, which Koa asks about cookies.
  const { cookies } = ctx;
  speak(ctx, () => {
    const chosen = cookies.get(COOKIE, { signed: false });
    return languages.choose({ chosen, uiLocales, accepted: ctx.acceptsLanguages() });
  });
}

/**
 * Keeps what a link to another language chose, and shows the page anew under its own address. Of our own pages only: what an
 * app sends to the other addresses is the protocol's.
 */
export function takeLanguage(languages: Languages): Middleware {
  return async function takeLanguageMiddleware(ctx, next) {
    const tag = [ctx.query[LANGUAGE]].flat()[0];
    const chosen = languages.all.find((language) => language.tag === tag);
    if (!chosen || ctx.method !== 'GET' || !isOwnPage(ctx.path)) {
      await next();
      return;
    }
    ctx.cookies.set(COOKIE, chosen.tag, {
      ...{ signed: false, httpOnly: true, sameSite: 'lax', secure: ctx.secure, maxAge: YEAR_MS },
    });
    const { [LANGUAGE]: _taken, ...rest } = ctx.query;
    ctx.redirect(withQuery(ctx.path, rest));
    ctx.status = 303;
  };
}

/** For the foot of a page; empty where there is one language, or the page is none of ours to show again. */
export function otherLanguages(ctx: Context): readonly OtherLanguage[] {
  const languages = ctx.state['languages'] as Languages | undefined;
  const isOwn = isOwnPage(ctx.path);
  // Where there is no page, another language leads to the first one.
  if (!languages || !(isOwn || ctx.status === 404)) return [];
  const current = languageOf(ctx);
  const [to, query] = isOwn ? [ctx.path, ctx.query] : ['/', {}];
  return languages.all
    .filter((language) => language !== current)
    .map(({ tag, name }) => ({ tag, name, href: withQuery(to, { ...query, [LANGUAGE]: tag }) }));
}

function isOwnPage(path: string): boolean {
  return (
    path === '/' || /^\/(interaction\/[\w.~-]+|(apps|account)(\/[\w.~-]+)*|logout(\/success)?)$/.test(path)
  );
}

function withQuery(path: string, query: Context['query']): string {
  const all = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one ?? '']),
    ),
  ).toString();
  return all === '' ? path : `${path}?${all}`;
}
