// What the benches share that redeem codes: a whole way from authorize to a code, and from a code to tokens.
import { authorizeAt, pkce, postForm } from '../support/flow.ts';
import type { Measured } from './process.ts';
import { FHIR, PASSWORD, REDIRECT } from './token-orders.ts';

const PATHS = { stock: '/auth', ours: '/authorize' } as const;

export type Variant = keyof typeof PATHS;
export interface Target extends Measured<{ readonly issuer: string; readonly pid: number }> {
  readonly variant: Variant;
}

export interface Code {
  readonly code: string;
  readonly verifier: string;
}

export async function codeOf({ variant, started: { issuer } }: Target, scope: string): Promise<Code> {
  const { verifier, challenge } = pkce();
  const url = new URL(PATHS[variant], issuer);
  const params = {
    ...{ response_type: 'code', client_id: 'public-app', redirect_uri: REDIRECT },
    ...{ scope, state: 'state-1234567890' },
    ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    // Stock knows no aud, and needs to be asked for consent to give a refresh token.
    ...(variant === 'ours' ? { aud: FHIR } : { resource: FHIR, prompt: 'consent' }),
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  const callback = await authorizeAt(issuer, url.href, { username: 'amy', password: PASSWORD });
  const code = callback.searchParams.get('code');
  if (code === null) throw new Error(`${variant}: no code, ${callback.search}`);
  return { code, verifier };
}

/** So many codes, so many of them under way at once. */
export async function codesOf(target: Target, count: number, lanes: number, scope: string): Promise<Code[]> {
  const made: Code[] = [];
  const make = async (): Promise<unknown> => made.push(await codeOf(target, scope));
  await inLanes(
    lanes,
    times(count, () => make),
  );
  return made;
}

export async function redeem(target: Target, { code, verifier }: Code): Promise<Tokens> {
  return tokensOf(target, {
    ...{ grant_type: 'authorization_code', client_id: 'public-app', code, redirect_uri: REDIRECT },
    code_verifier: verifier,
  });
}

export interface Tokens {
  readonly refresh_token: string;
  readonly id_token?: string;
}

/** @throws Error where there is no refresh token, which would make it another flow */
export async function tokensOf(target: Target, form: Record<string, string>): Promise<Tokens> {
  const answer = await answerOf(target, form);
  const { refresh_token: token } = answer;
  if (token === undefined) throw new Error(`${target.variant}: no refresh token: ${JSON.stringify(answer)}`);
  return { ...answer, refresh_token: token };
}

export async function answerOf(
  { variant, started: { issuer } }: Target,
  form: Record<string, string>,
): Promise<Partial<Tokens>> {
  const { status, body } = await postForm(`${issuer}/token`, form);
  if (status !== 200) throw new Error(`${variant}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Makes all the calls, never more of them at once than there are lanes. */
export async function inLanes(lanes: number, calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = [...calls];
  await Promise.all(
    times(lanes, async () => {
      for (let call = left.pop(); call; call = left.pop()) await call();
    }),
  );
}

export function times<Made>(count: number, make: () => Made): Made[] {
  return Array.from({ length: count }, make);
}
