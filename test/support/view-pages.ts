import { afterAll, beforeAll } from '@jest/globals';
import { Eta } from 'eta';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import { wordsFor } from '../../src/interaction/index.ts';
import { createLanguage, filesOf } from '../../src/language/index.ts';
import { launchChromium } from './chromium.ts';

const VIEWS = new URL('../../views/', import.meta.url);

/** Stricter than production: whatever a page needs beyond our stylesheet, script, logo and its form is refused. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'";

export interface Opened {
  readonly page: Page;
  /** Addresses outside our own origin that the page asked for. Each is answered 204, so the page stays. */
  readonly elsewhere: string[];
  readonly complaints: string[];
}

/** The templates, drawn in a browser of this file's own, which starts before its tests and ends after them. */
export interface ViewPages {
  /** As people get it, in English. */
  readonly render: (template: string, data: object) => string;
  readonly renderAs: (template: string, data: object, words: object) => string;
  readonly open: <T>(
    template: string,
    data: object,
    look: (opened: Opened) => Promise<T>,
    options?: BrowserContextOptions,
  ) => Promise<T>;
  /** What the browser posts when `act` submits a form. */
  readonly submit: (page: Page, act: () => Promise<void>) => Promise<URLSearchParams>;
}

export function viewPages(): ViewPages {
  const eta = new Eta({ views: VIEWS.pathname, autoTrim: false });
  const [english] = filesOf(['en']).map((file) => createLanguage(file));
  const renderAs: ViewPages['renderAs'] = (template, data, words) =>
    eta.render(`./${template}`, { ...data, ...words });
  const render: ViewPages['render'] = (template, data) =>
    eta.render(`./${template}`, { ...wordsFor(english!), ...data });
  // Nothing is kept between pages, so those that look the same way share one; a context takes long to make.
  const contexts = new Map<string, Promise<BrowserContext>>();
  let server: Server;
  let browser: Browser;
  let origin = '';
  let html = '';
  let posted: URLSearchParams | undefined;
  beforeAll(async () => {
    server = serve(
      () => html,
      (form) => (posted = form),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });
  const contextFor = (options: BrowserContextOptions): Promise<BrowserContext> => {
    const name = JSON.stringify(options);
    const made = contexts.get(name) ?? browser.newContext(options);
    contexts.set(name, made);
    return made;
  };
  return {
    render,
    renderAs,
    async open(template, data, look, options = {}) {
      html = render(template, data);
      const page = await (await contextFor(options)).newPage();
      try {
        const opened: Opened = { page, elsewhere: [], complaints: [] };
        watch(opened);
        await page.route(
          (url) => url.origin !== origin && url.protocol.startsWith('http'),
          async (route) => {
            opened.elsewhere.push(route.request().url());
            await route.fulfill({ status: 204 });
          },
        );
        await page.goto(`${origin}/page`);
        return await look(opened);
      } finally {
        await page.close();
      }
    },
    async submit(page, act) {
      posted = undefined;
      await Promise.all([page.waitForResponse((response) => response.request().method() === 'POST'), act()]);
      return posted ?? new URLSearchParams();
    },
  };
}

function watch({ page, complaints }: Opened): void {
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

function serve(page: () => string, take: (form: URLSearchParams) => void): Server {
  const css = readFileSync(new URL('assets/gatehouse.css', VIEWS));
  const script = readFileSync(new URL('assets/passkey.js', VIEWS));
  return createServer((request, response) => {
    if (request.url === '/assets/gatehouse.css') {
      response.writeHead(200, { 'content-type': 'text/css' }).end(css);
    } else if (request.url === '/assets/passkey.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    } else if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        take(new URLSearchParams(body));
        response.writeHead(204).end();
      });
    } else if (request.url === '/page') {
      const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY };
      response.writeHead(200, headers).end(page());
    } else {
      response.writeHead(204).end();
    }
  });
}
