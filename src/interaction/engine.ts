import type { Context } from 'koa';

import type { Method } from '../identity/index.ts';
import type { AccountId, ClientId, EpochSeconds, ErrorCode } from '../oauth/index.ts';
import type { LaunchContext } from '../smart/index.ts';
import type { CarriedSignIn } from '../upstream/index.ts';

/** An authorization request that waits for a person. */
export interface PendingAuthorization {
  /** In the address of the page; good only together with this browser's cookie. */
  readonly uid: string;
  /** Stays the same through the whole authorization, whatever happens to `uid`. */
  readonly correlationId: string;
  /** Why a screen is needed: `login`, `launch_context` or `consent`, with the reasons. */
  readonly prompt: { readonly name: string; readonly reasons: readonly string[] };
  readonly clientId: ClientId;
  readonly redirectUri: string;
  readonly scope: string;
  readonly aud: string;
  readonly launch?: string;
  readonly loginHint?: string;
  /** The one whom `id_token_hint` is about. */
  readonly hintedAccount?: AccountId;
  /** The languages the app asked for, the best first. */
  readonly uiLocales?: string;
  /** The app wants the person to be asked, whatever was decided before (`prompt=consent`). */
  readonly asksConsent: boolean;
  /** How long ago, in seconds, the person may have been asked who they are. */
  readonly maxAge?: number;
  /** How sure the app would like to be, the best first. */
  readonly acrValues: readonly string[];
  /** Who is signed in to this browser already, and what they showed for it. */
  readonly session?: {
    readonly accountId: AccountId;
    readonly methods: readonly Method[];
    /** Which identity provider signed them in; absent: we did. */
    readonly provider?: string;
  };
}

/** What a person decided. */
export interface Approval {
  readonly accountId: AccountId;
  /** What was shown, where the person showed any of it just now; `at` absent: the first of it in an earlier session. */
  readonly signedIn?: { readonly methods: readonly Method[]; readonly at?: EpochSeconds };
  /** Where an identity provider signed them in just now: how. */
  readonly carried?: CarriedSignIn;
  readonly clientId: ClientId;
  readonly fhirBaseUrl: string;
  /** Everything granted, as one scope parameter. */
  readonly scope: string;
  readonly context: LaunchContext;
  readonly fhirUser?: string;
  /** As whom they act for the patient, relative to the FHIR server. */
  readonly actsAs?: string;
  readonly clinician?: true;
  readonly reference: string;
  readonly lifetimeSeconds: number;
  /** When it ends however often the app comes back; absent: when it is not used any more. */
  readonly endsAt?: EpochSeconds;
}

/** The protocol engine, as the screens need it; `oidc/` implements it. */
export interface AuthorizationEngine {
  /** The authorization this browser's cookie belongs to; `undefined` when it is unknown or over. */
  pending(ctx: Context): Promise<PendingAuthorization | undefined>;
  /** Makes the grant and returns where the browser goes on. */
  approve(ctx: Context, approval: Approval, finish: (url: string) => Promise<void>): Promise<string>;
  /** Ends the request with an error for the app and returns where the browser goes on. */
  refuse(ctx: Context, error: ErrorCode, description: string): Promise<string>;
}
