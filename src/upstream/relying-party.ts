import type { IdentityProviderConfig } from '../config/index.ts';
import type { SignInProblem } from './problems.ts';

/** What is asked of a provider beside who somebody is. */
export interface Question {
  readonly prompt?: 'none' | 'login';
  /** Seconds since the person was last asked who they are. */
  readonly maxAge?: number;
  readonly loginHint?: string;
}

export interface Asked {
  /** Where the browser goes. */
  readonly url: string;
  readonly nonce: string;
  readonly verifier: string;
}

export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string };

export type Heard =
  | { readonly ok: true; readonly claims: Claims; readonly idToken: string }
  | { readonly ok: false; readonly problem: SignInProblem; readonly detail: string };

/** A validated notice that a session has ended elsewhere. */
export interface LogoutToken {
  readonly sub?: string;
  readonly sid?: string;
  readonly jti: string;
  readonly exp: number;
}

/** OpenID Connect, from the side of who asks; `relying-party/` implements it. */
export interface RelyingParty {
  /** @throws Error when the provider is away, or is not who it should be */
  ask(provider: IdentityProviderConfig, question: Question, state: string): Promise<Asked>;
  /** Takes the answer that a browser brought, and all that hangs on it. */
  hear(
    provider: IdentityProviderConfig,
    url: URL,
    asked: Pick<Asked, 'nonce' | 'verifier'> & { readonly state: string; readonly maxAge?: number },
  ): Promise<Heard>;
  /** `undefined`: it offers none. @throws Error when it is away */
  signOutUrl(provider: IdentityProviderConfig, idToken: string): Promise<string | undefined>;
  /** @throws Error when it is not one of this provider, for us, of now */
  readLogoutToken(provider: IdentityProviderConfig, token: string): Promise<LogoutToken>;
}
