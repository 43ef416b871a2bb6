// `npm run pictures`: draws docs/images anew from the running demo, so that the pictures stay true.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ROOT, makeReady } from './ready.mjs';

const PORTS = { server: 43_000, fhir: 43_001, apps: 43_002, management: 43_003 };
const node = makeReady();
const { chromium } = await import('playwright-core');
const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-pictures-'));
const args = [
  ...['--disable-warning=ExperimentalWarning', path.join(ROOT, 'src', 'main.ts'), 'demo', '--data-dir', dir],
  ...['--port', PORTS.server, '--fhir-port', PORTS.fhir, '--apps-port', PORTS.apps],
  ...['--management-port', PORTS.management],
].map(String);
const demo = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
await new Promise((resolve) => demo.stdout.once('data', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const page = await browser.newPage({ viewport: { width: 760, height: 600 } });
  await page.goto(`http://localhost:${PORTS.apps}/apps/my-health/launch.html`);
  await page.getByLabel('Username').fill('amy');
  await page.getByLabel('Password').fill('demo-amy-1');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow access' }).waitFor();
  await page.screenshot({ path: path.join(ROOT, 'docs', 'images', 'consent.png'), fullPage: true });
  await page.getByRole('button', { name: 'Allow access' }).click();
  await page.getByRole('link', { name: 'Continue' }).or(page.locator('#status')).first().waitFor();
  await page.waitForURL(/my-health\/index/);
  await page.goto(`http://localhost:${PORTS.server}/apps`);
  await page.locator('summary').first().click();
  await page.screenshot({ path: path.join(ROOT, 'docs', 'images', 'my-apps.png'), fullPage: true });
  process.stdout.write('docs/images/consent.png, docs/images/my-apps.png\n');
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await new Promise((resolve) => demo.once('exit', resolve));
  rmSync(dir, { recursive: true, force: true });
}
