import { afterAll, beforeAll } from '@jest/globals';

import type { ConfigInput } from '../../src/config/index.ts';
import { createAccountLinks, createAccountStore } from '../../src/store/index.ts';
import type { CookieBrowser } from './browser.ts';
import { formFields } from './browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from './clients.ts';
import { arrive, authorizeUrl, pkce, type Arrival, type FlowOptions } from './flow.ts';
import { startGatehouse, testStore, type DriverName, type TestServer, type TestStore } from './gatehouse.ts';
import { IDP_SECRET, identityProviderFor, type IdentityProvider } from './identity-provider.ts';
import { freePort } from './ports.ts';

type ProviderInput = NonNullable<NonNullable<ConfigInput['signIn']>['providers']>[number];

/** A Gatehouse whose people sign in at their hospital. */
export interface Hospital {
  readonly server: TestServer;
  readonly idp: IdentityProvider;
  /** Lets the hospital sign in an account that is there. */
  link(username: string, sub: string): Promise<void>;
  /** The sign-in page of an app's authorization request. */
  begin(browser: CookieBrowser, options?: FlowOptions): Promise<AtSignIn>;
  /** From the sign-in page to the provider and back; where the browser is then. */
  signIn(browser: CookieBrowser, at: AtSignIn): Promise<Arrival>;
  /** Presses the provider's button; its address. */
  press(browser: CookieBrowser, at: AtSignIn, provider?: string): Promise<string>;
}

export interface AtSignIn {
  readonly url: string;
  readonly html: string;
  readonly verifier: string;
}

export function hospitalOn(
  driver: DriverName,
  provider: Partial<ProviderInput> = {},
  configure: Partial<ConfigInput> | ((issuer: string) => Promise<Partial<ConfigInput>>) = {},
  idpOptions: Parameters<typeof identityProviderFor>[1] = {},
  around: (store: TestStore) => Pick<TestStore, 'open'> = (real) => real,
): Hospital {
  let server: TestServer;
  let store: TestStore;
  let idp: IdentityProvider;
  beforeAll(async () => {
    const port = await freePort();
    idp = await identityProviderFor(`http://localhost:${port}`, idpOptions);
    store = await testStore(driver);
    const hospital: ProviderInput = {
      ...{ id: 'hospital', name: 'Riverside Hospital', issuer: idp.issuer },
      clientId: 'gatehouse',
      ...(provider.clientKey === undefined ? { clientSecret: IDP_SECRET } : {}),
      ...provider,
    };
    const more = typeof configure === 'function' ? await configure(`http://localhost:${port}`) : configure;
    const limits = { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 };
    const overrides = { clients: [PUBLIC_APP, RESOURCE_SERVER], limits, ...more };
    const others = more.signIn?.providers ?? [];
    server = await startGatehouse(
      around(store),
      { ...overrides, signIn: { ...more.signIn, providers: [hospital, ...others] } },
      port,
    );
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
    await idp.stop();
  });
  return {
    get server() {
      return server;
    },
    get idp() {
      return idp;
    },
    async link(username, sub) {
      const account = await createAccountStore(server.vault).findByUsername(username);
      await createAccountLinks(server.vault).add('hospital', sub, account?.accountId ?? '');
    },
    async begin(browser, options = {}) {
      const { verifier, challenge } = pkce();
      const first = await browser.get(authorizeUrl(server.issuer, options, challenge));
      const { response, html } = await arrive(server.issuer, browser, first);
      return { url: response.url, html, verifier };
    },
    async press(browser, { url, html }, name = 'hospital') {
      const page = await browser.post(url, { ...single(html), provider: name });
      const { callback } = await arrive(server.issuer, browser, page);
      if (!callback) throw new Error('the button did not lead to the provider');
      return callback.href;
    },
    async signIn(browser, at) {
      const back = await idp.walk(browser, await this.press(browser, at));
      return arrive(server.issuer, browser, await browser.get(back.href));
    },
  };
}

/** The hidden fields of the first form: on the sign-in page each form has the same. */
export function single(html: string): Record<string, string> {
  return Object.fromEntries(Object.entries(formFields(html)).map(([name, [value = '']]) => [name, value]));
}
