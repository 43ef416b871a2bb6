import { Eta } from 'eta';
import { fileURLToPath } from 'node:url';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import Router from '@koa/router';
import { DEMO_APPS } from '../clients.ts';
import type { DemoPatient } from '../data/demo-data.ts';
import type { DemoPerson } from '../people.ts';
import { readForm } from '../read-body.ts';
import { rememberUser, vouchFor, type VouchForUser } from './vouch.ts';
import { loadAssets } from './assets.ts';
import {
  INTENTS,
  appKey,
  ehrUsers,
  launchRequest,
  readChoices,
  type EhrPeople,
  type LaunchRequest,
} from './ehr-form.ts';

export type { LaunchRequest } from './ehr-form.ts';
export type { VouchForUser } from './vouch.ts';

/** Where to send the browser, or why there is no launch (shown to the person at the EHR). */
export type LaunchResult = { readonly launchUrl: string } | { readonly error: string };

/** Mints a launch at Gatehouse in the name of the EHR. */
export type LaunchEhr = (request: LaunchRequest) => Promise<LaunchResult>;

export interface DemoAppsOptions {
  /** Our own origin, without trailing slash. */
  readonly appsBaseUrl: string;
  readonly fhirBaseUrl: string;
  readonly issuer: string;
  readonly people: readonly DemoPerson[];
  readonly patients: readonly DemoPatient[];
  /** The FHIR servers an app can be launched for; without them, the one. */
  readonly endpoints?: EhrPeople['endpoints'];
  /** Apps of others, which the EHR can launch too. */
  readonly otherApps?: EhrPeople['apps'];
  readonly launchEhr: LaunchEhr;
  readonly vouch: VouchForUser;
}

interface Parts extends Omit<DemoAppsOptions, 'endpoints'>, EhrPeople {
  readonly render: (page: string, data: object) => string;
}

/**
 * The EHR simulator at `/` and the sample apps under `/apps/`, on an origin of their own so that CORS is real.
 * Pages work without JavaScript, except the apps, which are JavaScript (LCH-01, CORS-02).
 */
export function createDemoApps(options: DemoAppsOptions): Koa {
  const eta = new Eta({ views: fileURLToPath(new URL('./pages', import.meta.url)), cache: true });
  const { otherApps = [], endpoints = [{ name: 'FHIR server', url: options.fhirBaseUrl }] } = options;
  const ownApps = DEMO_APPS.filter(({ startsFrom }) => startsFrom.some((start) => start === 'ehr'));
  const apps = [...otherApps, ...ownApps];
  const parts: Parts = { ...options, apps, endpoints, render: (page, data) => eta.render(page, data) };
  const router = new Router();
  router.get('/', (ctx) => showEhr(ctx, parts));
  router.post('/launch', (ctx) => launch(ctx, parts));
  router.get('/sign-in', (ctx) => vouchFor(ctx, parts));
  router.get('/apps/config.json', (ctx) => {
    ctx.body = { fhirBaseUrl: options.fhirBaseUrl };
  });
  const app = new Koa();
  app.silent = true;
  app.use(pageHeaders(options));
  app.use(problemPage(parts));
  app.use(router.routes());
  app.use(publicFiles());
  return app;
}

/** A strict policy: our own scripts and styles only, and calls to nobody but the FHIR server and Gatehouse. */
function pageHeaders({ fhirBaseUrl, issuer }: DemoAppsOptions): Middleware {
  const reachable = [...new Set([new URL(fhirBaseUrl).origin, new URL(issuer).origin])].join(' ');
  const policy = [
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ${reachable}`,
    `form-action 'self'; base-uri 'none'; frame-ancestors 'self'; frame-src 'self' ${new URL(issuer).origin}`,
  ].join('; ');
  return async function pageHeaders(ctx: Context, next: Next) {
    ctx.set('Content-Security-Policy', policy);
    // Not `no-referrer`: browsers then post our own form with `Origin: null`.
    ctx.set('Referrer-Policy', 'same-origin');
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Cache-Control', 'no-store');
    await next();
  };
}

/** Turns what nobody answered, and what went wrong, into a page a person can read. */
function problemPage({ render }: Parts): Middleware {
  const show = (ctx: Context, status: number, title: string, text: string) => {
    ctx.status = status;
    ctx.type = 'html';
    ctx.body = render('./problem', { title, text });
  };
  return async function problemPage(ctx: Context, next: Next) {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined)
        show(ctx, 404, 'Page not found', 'There is nothing here.');
    } catch {
      show(ctx, 500, 'Something went wrong', 'The demo could not answer. Try again.');
    }
  };
}

function publicFiles(): Middleware {
  const assets = loadAssets();
  return async function publicFiles(ctx: Context, next: Next) {
    const asset = ctx.method === 'GET' || ctx.method === 'HEAD' ? assets.get(ctx.path) : undefined;
    if (!asset) {
      await next();
      return;
    }
    ctx.status = 200;
    ctx.set('Content-Type', asset.type);
    ctx.body = asset.content;
  };
}

function showEhr(ctx: Context, parts: Parts): void {
  const { choices, problem } = readChoices(new URLSearchParams(ctx.querystring), parts);
  sendEhr(ctx, parts, 200, { choices, problem });
}

function sendEhr(ctx: Context, parts: Parts, status: number, state: object): void {
  const { patients, apps, endpoints, render } = parts;
  const standalone = DEMO_APPS.filter(({ startsFrom }) => startsFrom.some((start) => start === 'standalone'));
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = render('./ehr', {
    users: ehrUsers(parts),
    patients,
    apps: apps.map((one) => ({ ...one, key: appKey(one) })),
    endpoints,
    intents: INTENTS,
    standalone,
    ...state,
  });
}

async function launch(ctx: Context, parts: Parts): Promise<void> {
  const origin = ctx.get('Origin');
  const form = await readForm(ctx.req);
  // A launch is minted in the name of whoever sits at the EHR: another site must not press the button.
  if (!form || (origin !== '' && origin !== new URL(parts.appsBaseUrl).origin)) {
    sendFailure(ctx, parts, 403, 'This form was not sent from the EHR page.');
    return;
  }
  const { choices, problem } = readChoices(form, parts);
  if (problem !== undefined) {
    sendEhr(ctx, parts, 422, { choices, problem });
    return;
  }
  rememberUser(ctx, choices.vouches ? choices.person.username : undefined);
  const result = await parts.launchEhr(launchRequest(choices));
  if ('error' in result) {
    sendFailure(ctx, parts, 502, result.error);
    return;
  }
  ctx.status = 303;
  ctx.redirect(result.launchUrl);
}

function sendFailure(ctx: Context, { render }: Parts, status: number, text: string): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = render('./problem', { title: 'The app could not be launched', text });
}
