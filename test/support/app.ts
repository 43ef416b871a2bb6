import { setTimeout as delay } from 'node:timers/promises';

import { REDIRECT, RS_SECRET, basic } from './clients.ts';
import { authorize, postForm, type TokenAnswer } from './flow.ts';

const RECOVERY_MS = 12_000;
const POLL_MS = 25;

export type Form = Readonly<Record<string, string>>;

/** What a public app, and the FHIR server beside it, ask of one node. */
export interface TestApp {
  /** Goes through the screens; the form redeems the code they end with. */
  newCode(): Promise<Form>;
  /** The answer to a code of its own. @throws Error when it is not tokens */
  newTokens(): Promise<TokenAnswer['body']>;
  token(form: Form): Promise<TokenAnswer>;
  refresh(token: string): Promise<TokenAnswer>;
  revoke(token: string): Promise<TokenAnswer>;
  introspect(token: string): Promise<TokenAnswer>;
  isActive(token: string): Promise<unknown>;
}

/** @param url where this node listens, when that is not the issuer: it is asked under the issuer's name, as a balancer does */
export function appOf(issuer: string, url = issuer): TestApp {
  const { host } = new URL(issuer);
  const forwarded = url === issuer ? {} : { 'x-forwarded-host': host, 'x-forwarded-proto': 'http' };
  const post = (path: string, form: Form, headers: Record<string, string> = {}): Promise<TokenAnswer> =>
    postForm(url + path, form, { ...forwarded, ...headers });
  const token = (form: Form): Promise<TokenAnswer> => post('/token', { client_id: 'public-app', ...form });
  const newCode = async (): Promise<Form> => {
    const { code, verifier } = await authorize(issuer);
    return { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
  };
  const introspect = (shown: string): Promise<TokenAnswer> =>
    post('/introspect', { token: shown }, basic('fhir-server', RS_SECRET));
  return {
    newCode,
    token,
    introspect,
    async newTokens() {
      const { status, body } = await token(await newCode());
      if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    refresh: (shown) => token({ grant_type: 'refresh_token', refresh_token: shown }),
    revoke: (shown) => post('/revoke', { token: shown, client_id: 'public-app' }),
    isActive: async (shown) => (await introspect(shown)).body['active'],
  };
}

/** What was said when the store could not do it: the same for everything an app asks. */
export function toldOf({ status, headers, body }: TokenAnswer): string {
  const later = headers.has('retry-after') ? ', later' : '';
  return `${status} ${body.error ?? 'fine'}${later}`;
}
export const UNAVAILABLE = '503 temporarily_unavailable, later';

/** Asks until the answer is yes. @throws Error when that takes longer than any recovery may */
export async function until(ask: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const deadline = Date.now() + RECOVERY_MS;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`in vain we waited until ${what}`);
    await delay(POLL_MS);
  }
}

/** Waits until this node says that it is ready. */
export function untilReady(managementUrl: string): Promise<void> {
  const ask = async (): Promise<boolean> =>
    (await fetch(`${managementUrl}/health/ready`).catch(() => undefined))?.status === 200;
  return until(ask, 'the node was ready');
}
