import { CookieBrowser } from './browser.ts';
import type { Certification, Endpoint } from './certification.ts';
import { ASSERTION_TYPE, basic } from './clients.ts';
import {
  arrive,
  authorize,
  authorizeAt,
  pkce,
  postForm,
  type Authorized,
  type FlowOptions,
  type TokenAnswer,
} from './flow.ts';
import type { KitAlgorithm } from './kit-keys.ts';

/** How the kit's app proves who it is at the token endpoint. */
export const APPS = ['public', 'symmetric', 'asymmetric'] as const;
export type App = (typeof APPS)[number];

/** The kit's suite for each endpoint, as it stands in its redirect and launch addresses. */
const SUITES: Readonly<Record<Endpoint, string>> = {
  'stu2.2': 'smart_stu2_2',
  stu2: 'smart_stu2',
  stu1: 'smart',
};
const KIT = 'http://localhost:4567/custom';

interface Who {
  readonly app?: App;
  readonly alg?: KitAlgorithm;
}

export interface LaunchOptions extends FlowOptions, Who {}

export interface Launched {
  readonly app: App;
  readonly token: TokenAnswer;
}

export interface FhirAnswer {
  readonly status: number;
  readonly body: {
    readonly resourceType: string;
    readonly id?: string;
    readonly total?: number;
    readonly entry?: readonly { readonly resource: FhirResource }[];
  };
}

export interface FhirResource {
  readonly id: string;
  readonly category?: readonly { readonly coding: readonly { readonly code: string }[] }[];
}

/** A test kit at work on a certification run: does over HTTP what its suites do, and what the tester does for it. */
export class TestKit {
  readonly #run: () => Certification;

  constructor(run: () => Certification) {
    this.#run = run;
  }

  redirectUri(endpoint: Endpoint): string {
    return `${KIT}/${SUITES[endpoint]}/redirect`;
  }

  /** A standalone launch, to its token. */
  async launch(endpoint: Endpoint, options: LaunchOptions = {}): Promise<Launched> {
    const { code, verifier } = await this.codeFor(endpoint, options);
    const token = await this.redeem(endpoint, options, { code, code_verifier: verifier });
    return { app: options.app ?? 'public', token };
  }

  /** The way through the screens up to the code, which is left unused. */
  codeFor(endpoint: Endpoint, { app = 'public', ...options }: LaunchOptions): Promise<Authorized> {
    const { issuer, fhir } = this.#run();
    const params = { aud: fhir(endpoint), redirect_uri: this.redirectUri(endpoint), ...options.params };
    const clientId = `inferno-${app}`;
    return authorize(issuer, { clientId, ...signIn(options.username), ...options, params });
  }

  redeem(endpoint: Endpoint, who: Who, form: Record<string, string>): Promise<TokenAnswer> {
    const usual = { grant_type: 'authorization_code', redirect_uri: this.redirectUri(endpoint) };
    return this.askToken(who, { ...usual, ...form });
  }

  refresh({ app, token }: Launched, scope?: string, refreshToken?: string): Promise<TokenAnswer> {
    const refresh_token = refreshToken ?? token.body.refresh_token;
    const form = { grant_type: 'refresh_token', refresh_token };
    return this.askToken({ app }, scope === undefined ? form : { ...form, scope });
  }

  /** Asks at the token endpoint as one of the apps. */
  async askToken({ app = 'public', alg }: Who, form: Record<string, string>): Promise<TokenAnswer> {
    const { issuer, secret } = this.#run();
    const clientId = `inferno-${app}`;
    const url = `${issuer}/token`;
    if (app === 'public') return postForm(url, { client_id: clientId, ...form });
    if (app === 'symmetric') return postForm(url, form, basic(clientId, secret('inferno_secret')));
    return postForm(url, { ...(await this.#assertion(clientId, alg)), ...form });
  }

  /** A backend service's token; members given replace the usual ones. */
  async backend(form: Record<string, string> = {}, alg?: KitAlgorithm): Promise<TokenAnswer> {
    const usual = { grant_type: 'client_credentials', scope: 'system/*.rs' };
    const proof = await this.#assertion('inferno-backend', alg);
    return postForm(`${this.#run().issuer}/token`, { ...usual, ...proof, ...form });
  }

  /** Somebody presses the button at the EHR; where its browser is sent. */
  async press(form: Record<string, string>): Promise<URL> {
    const { apps } = this.#run();
    const answer = await new CookieBrowser().post(`${apps}/launch`, form);
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`the EHR answered ${answer.status} and launched nothing`);
    return new URL(location);
  }

  /** Goes on from the launch address that the EHR opened, asks for authorization by POST, and gets a token. */
  async follow(endpoint: Endpoint, opened: URL, options: LaunchOptions): Promise<Launched> {
    const { issuer } = this.#run();
    const { app = 'public', scope = '' } = options;
    const { verifier, challenge } = pkce();
    const browser = new CookieBrowser();
    const request = {
      response_type: 'code',
      client_id: `inferno-${app}`,
      redirect_uri: this.redirectUri(endpoint),
      scope,
      state: crypto.randomUUID(),
      aud: opened.searchParams.get('iss') ?? '',
      launch: opened.searchParams.get('launch') ?? '',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    };
    const fromElsewhere = { origin: new URL(KIT).origin, 'sec-fetch-site': 'cross-site' };
    const first = await browser.post(`${issuer}/authorize`, request, fromElsewhere);
    const { response } = await arrive(issuer, browser, first);
    const callback = await authorizeAt(issuer, response.url, { browser, ...signIn(options.username) });
    if (callback.searchParams.get('state') !== request.state) throw new Error('another state came back');
    const code = callback.searchParams.get('code') ?? '';
    return { app, token: await this.redeem(endpoint, options, { code, code_verifier: verifier }) };
  }

  /** Reads below a FHIR base URL with a token. */
  async read(endpoint: Endpoint, path: string, token: string): Promise<FhirAnswer> {
    const response = await fetch(`${this.#run().fhir(endpoint)}/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as FhirAnswer['body'] };
  }

  async #assertion(clientId: string, alg: KitAlgorithm = 'ES384'): Promise<Record<string, string>> {
    const { issuer, keys } = this.#run();
    const assertion = await keys.assertion(clientId, `${issuer}/token`, alg);
    return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
  }
}

/** The scopes of a list, in one order: that of the list does not matter. */
export function words(scope: string): string[] {
  return scope.split(' ').sort();
}

function signIn(username = 'amy'): { readonly username: string; readonly password: string } {
  return { username, password: `demo-${username}-1` };
}
