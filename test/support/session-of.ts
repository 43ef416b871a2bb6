import { key } from '../../src/store/index.ts';
import type { Vault } from '../../src/store/index.ts';
import type { CookieBrowser } from './browser.ts';

/** What the server keeps of this browser's session. */
export async function sessionOf(vault: Vault, browser: CookieBrowser, issuer: string): Promise<unknown> {
  const [, id = ''] = /(?:^|; )gatehouse=([^;]+)/.exec(browser.cookieHeader(`${issuer}/`)) ?? [];
  const [uid = ''] = id.split('.');
  return vault.read(key.session(vault.keys.keyedHash('session-uid', uid)));
}
