import { describe, expect, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorizeUrl, openScreen, pkce } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS.slice(0, 1))('the language of the pages', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));

  const languageOf = (html: string) => /<html lang="([^"]*)" dir="([^"]*)">/.exec(html)?.slice(1, 3);
  const at = (path: string) => `${suite.server.issuer}${path}`;

  test('[OIDC Core 3.1.2.1] ui_locales is honoured through the whole way, and said in discovery', async () => {
    const discovery = (await (await fetch(at('/.well-known/openid-configuration'))).json()) as object;
    expect(discovery).toMatchObject({ ui_locales_supported: ['en', 'es'] });
    const params = { ui_locales: 'ca es' };
    const login = await openScreen(suite.server.issuer, 'login', { params });
    expect(languageOf(login.html)).toEqual(['es', 'ltr']);
    expect(login.html).toContain('<h1>Iniciar sesión</h1>');
    const consent = await openScreen(suite.server.issuer, 'consent', { params });
    expect(languageOf(consent.html)).toEqual(['es', 'ltr']);
    expect(consent.html).toContain('¿Deja que');
    expect(consent.html).not.toMatch(/Allow|Access|ticked|Patient record/);
  });

  test('Accept-Language is honoured where the app says nothing, also on error pages', async () => {
    const browser = new CookieBrowser();
    const wrong = authorizeUrl(
      suite.server.issuer,
      { params: { redirect_uri: 'https://evil.example' } },
      pkce().challenge,
    );
    const headers = { 'accept-language': 'es-MX,es;q=0.9,en;q=0.8' };
    const page = await browser.get(wrong, headers);
    expect(page.headers.get('vary')).toMatch(/accept-language/i);
    const html = await page.text();
    expect(languageOf(html)).toEqual(['es', 'ltr']);
    expect(html).toContain('La app ha enviado algo que no podemos aceptar');
    // What the app's developer reads stays in the words of the standard.
    expect(html).toContain('<dd lang="en">');
    const missing = await browser.get(at('/nothing-here'), headers);
    expect([missing.status, languageOf(await missing.text())]).toEqual([404, ['es', 'ltr']]);
  });

  test('a person chooses: kept for all pages, stronger than the app, and the page stays the same', async () => {
    const browser = new CookieBrowser();
    const first = await (await browser.get(at('/apps?stopped'))).text();
    const [, href = ''] = /href="([^"]*)" lang="es" hreflang="es">Español</.exec(first) ?? [];
    expect(href).toBe('/apps?stopped=&amp;lang=es');
    const answer = await browser.get(at(href.replace('&amp;', '&')));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps?stopped=']);
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('gatehouse-language='));
    expect(cookie).toMatch(/=es;.*httponly/i);
    expect(cookie).toMatch(/samesite=lax/i);
    expect(languageOf(await (await browser.get(at('/apps?stopped='))).text())).toEqual(['es', 'ltr']);
    const login = await openScreen(suite.server.issuer, 'login', { browser, params: { ui_locales: 'en' } });
    expect(languageOf(login.html)).toEqual(['es', 'ltr']);
    expect(login.html).toContain('>English</a>');
  });

  test('[A081] a language nobody offers, or one an app puts into its request, chooses nothing', async () => {
    for (const path of ['/apps?lang=xx', '/apps?lang=es&lang=en', '/apps?lang=%3Cb%3E']) {
      const page = await new CookieBrowser().get(at(path));
      if (page.status === 303) expect(page.headers.get('location')).toBe('/apps');
      else expect(await page.text()).not.toContain('<b>');
    }
    const browser = new CookieBrowser();
    const url = `${authorizeUrl(suite.server.issuer, {}, pkce().challenge)}&lang=es`;
    const answer = await browser.get(url);
    expect(answer.headers.get('location')).toMatch(/^\/interaction\//);
    expect(browser.cookieHeader(at('/'))).not.toContain('gatehouse-language');
  });
});
