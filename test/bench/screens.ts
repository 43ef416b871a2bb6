// `npm run bench -- screens`: what sign-in, the patient picker and consent cost: bytes on the wire, and CPU time of the server
// for drawing a page and for taking its form. Prints a table, writes bench-results/screens.json, and ends with one line of
// JSON; 1 when a bar was missed.
import http from 'node:http';
import { parseArgs } from 'node:util';

import { US_CORE_TYPES } from '../../src/smart/index.ts';
import { CookieBrowser, formFields } from '../support/browser.ts';
import { authorizeUrl, pkce } from '../support/flow.ts';
import { startRedis } from '../support/redis-server.ts';
import { conclude, middle, pin, startMeasured } from './process.ts';

export interface ScreensOrders {
  readonly redisUrl: string;
  readonly fhir: string;
  readonly redirect: string;
  readonly password: string;
  readonly scope: string;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, size: { type: 'string', default: '100' } },
});
const [ROUNDS, SIZE] = [Number(values.rounds), Number(values.size)];
const AT_ONCE = 8;
const BARS = { kilobytes: 30, cpuMs: 5 };
const PAGES = ['login', 'patient', 'consent'] as const;
type Page = (typeof PAGES)[number];

/** As much as people are ever asked about: every type of US Core, one by one. */
const scope = [
  ...['openid', 'fhirUser', 'launch/patient', 'offline_access'],
  ...[...US_CORE_TYPES].map((type) => `patient/${type}.rs`),
].join(' ');
const orders: ScreensOrders = {
  ...{
    fhir: 'http://localhost:3999/fhir',
    redirect: 'http://localhost:4999/cb',
    password: 'correct horse',
    scope,
  },
  redisUrl: '',
};

const redis = await startRedis();
pin(redis.pid, 1);
pin(process.pid, 1);
const server = await startMeasured<{ issuer: string; pid: number }>('screens-server.ts', {
  ...orders,
  redisUrl: redis.url,
});
const { issuer } = server.started;

interface Open {
  readonly browser: CookieBrowser;
  readonly url: string;
}

const figures: Record<string, unknown> = { rounds: ROUNDS, size: SIZE, bars: BARS };
const ratios: Record<string, number> = {};
for (const page of PAGES) await measure(page);
server.stop();
await redis.stop();
conclude('screens', figures, ratios);
process.exitCode = Object.values(ratios).some((ratio) => ratio > 1) ? 1 : 0;

async function measure(page: Page): Promise<void> {
  const rounds: { readonly draw: number; readonly take: number }[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const opened = await inTurn(SIZE, () => openAt(page));
    const forms: Record<string, string[]>[] = [];
    const draw = await cpuOf(opened, async ({ browser, url }, at) => {
      forms[at] = formFields(await (await browser.get(url)).text());
    });
    const take = await cpuOf(opened, async ({ browser, url }, at) => {
      const answer = await browser.post(url, { ...forms[at], ...chosen(page) });
      if (answer.status !== (page === 'consent' ? 200 : 303)) throw new Error(`${page}: ${answer.status}`);
      await answer.text();
    });
    // The first is to warm up.
    if (round >= 0) rounds.push({ draw, take });
  }
  const kilobytes = (await bytesOf(await openAt(page))) / 1000;
  const draw = middle(rounds.map((one) => one.draw));
  const take = middle(rounds.map((one) => one.take));
  figures[page] = { kilobytes, drawMs: draw, takeMs: take };
  Object.assign(ratios, {
    [`${page}_bytes_of_bar`]: Number((kilobytes / BARS.kilobytes).toFixed(3)),
    [`${page}_cpu_of_bar`]: Number((Math.max(draw, take) / BARS.cpuMs).toFixed(3)),
  });
  process.stdout.write(
    `${page.padEnd(8)} ${kilobytes.toFixed(1)} KB with its style sheet, ${draw.toFixed(2)} ms CPU to draw, ${take.toFixed(2)} ms to take\n`,
  );
}

function chosen(page: Page): Record<string, string[]> {
  if (page === 'login') return { username: ['dora'], password: [orders.password] };
  return page === 'patient' ? { patient: ['p1'] } : {};
}

/** A browser that has come as far as this page. */
async function openAt(page: Page): Promise<Open> {
  const browser = new CookieBrowser();
  const params = { aud: orders.fhir, redirect_uri: orders.redirect };
  const started = await browser.get(authorizeUrl(issuer, { scope, params }, pkce().challenge));
  const url = new URL(started.headers.get('location') ?? '', issuer).href;
  for (const before of PAGES.slice(0, PAGES.indexOf(page))) {
    const fields = formFields(await (await browser.get(url)).text());
    await browser.post(url, { ...fields, ...chosen(before) });
  }
  return { browser, url };
}

/** Milliseconds of the server's CPU for each. */
async function cpuOf(
  opened: readonly Open[],
  work: (open: Open, at: number) => Promise<void>,
): Promise<number> {
  const before = await server.usage();
  await inTurn(opened.length, async (at) => work(opened[at]!, at));
  const after = await server.usage();
  return (after.cpuMicros - before.cpuMicros) / opened.length / 1000;
}

async function inTurn<Made>(many: number, work: (at: number) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  for (let at = 0; at < many; at += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, many - at) }, (_, more) => work(at + more));
    made.push(...(await Promise.all(batch)));
  }
  return made;
}

/** Everything a browser gets for the page: head and body of the page and of what it loads. */
async function bytesOf({ browser, url }: Open): Promise<number> {
  const html = await (await browser.get(url)).text();
  const loaded = [...html.matchAll(/<(?:link|script|img)[^>]* (?:href|src)="([^"]+)"/g)].map(
    ([, to]) => to ?? '',
  );
  const addresses = [url, ...loaded.map((to) => new URL(to, issuer).href)];
  const all = await Promise.all(addresses.map((one) => bytesRead(one, browser.cookieHeader(one))));
  return all.reduce((sum, bytes) => sum + bytes, 0);
}

function bytesRead(url: string, cookie: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/html', cookie, 'accept-encoding': 'gzip, br' };
    const asked = http.get(url, { agent: false, headers }, (answer) => {
      const { socket } = answer;
      answer.resume().on('end', () => resolve(socket.bytesRead));
    });
    asked.on('error', reject);
  });
}
