import type { Adapter, KoaContextWithOIDC } from 'oidc-provider';

import type { AuditRecorder } from '../audit/index.ts';
import type { ClientRegistry } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { Account } from '../identity/index.ts';
import type { SigningKeySet } from '../keys/index.ts';
import type { RequestLimits } from '../limits/index.ts';
import type { AppsOfSessions } from '../logout/index.ts';
import type { LaunchStore } from '../launch/index.ts';
import type { AccountId, Clock, EpochSeconds, GrantId } from '../oauth/index.ts';
import type { UpstreamSession, UpstreamSessions } from '../upstream/index.ts';
import type { ClientKeys } from './client-keys.ts';
import type { CapSessions } from './session-cap.ts';

/** A page the provider asks us to draw. */
export interface ProviderPages {
  error(ctx: KoaContextWithOIDC, shown: ShownError): void;
  signOut(ctx: KoaContextWithOIDC, form: { readonly action: string; readonly xsrf: string }): void;
  signedOut(ctx: KoaContextWithOIDC): void;
}

export interface ShownError {
  readonly code: string;
  readonly description?: string;
  readonly status: number;
}

/** What the wiring needs from the rest of the house. */
export interface ProviderParts {
  readonly config: Pick<Config, 'issuer' | 'fhirServers' | 'tokens' | 'secrets' | 'signIn' | 'languages'>;
  readonly signingKeys: SigningKeySet;
  readonly adapter: (model: string) => Adapter;
  readonly clients: ClientRegistry;
  readonly clientKeys: ClientKeys;
  readonly launches: LaunchStore;
  readonly findAccount: (id: AccountId) => Promise<Account | undefined>;
  /**
   * May this account still act for that patient?
   *
   * @throws when the FHIR server cannot be asked: that is neither yes nor no
   */
  readonly mayStillAct: (
    account: Account,
    about: { readonly fhirBaseUrl: string; readonly patient: string; readonly grantId: GrantId },
  ) => Promise<boolean>;
  readonly capSessions: CapSessions;
  readonly appsOfSessions: Pick<AppsOfSessions, 'note'>;
  readonly upstreamSessions: UpstreamSessions;
  /** Leads on to sign out there, too; `false`: it cannot. */
  readonly signOutUpstream: (ctx: KoaContextWithOIDC, upstream: UpstreamSession) => Promise<boolean>;
  readonly limits: RequestLimits;
  readonly audit: AuditRecorder;
  readonly pages: ProviderPages;
  readonly clock: Clock;
  /** @param generation of a refresh token: the how-many-eth of its grant, from 0 */
  readonly tokenText: (kind: string, grantId: GrantId | undefined, generation?: number) => string;
  /** By what audit records know a token: the keyed hash that the store uses. */
  readonly tokenHash: (text: string) => string;
  /** The `jti` of an access token that is a JWT; refers to its grant. */
  readonly jwtId: (kind: string, grantId: GrantId | undefined) => string;
  /** What resource servers know the grant of a token by, from its grant id or its text; `undefined`: it has none. */
  readonly grantRef: (kind: string, grantId: GrantId | undefined, text: string) => string | undefined;
  /** A JWT so spelled that the provider looks for it instead of turning it away. */
  readonly disguiseJwt: (text: string) => string;
  readonly newGrantId: () => GrantId;
  /** Remembers an assertion id; `false` when it was seen before. Of parallel callers exactly one gets `true`. */
  readonly rememberAssertion: (clientId: string, jti: string, expiresAt: EpochSeconds) => Promise<boolean>;
  /** Milliseconds since 1970: what was good for one use and was made before may have been used. */
  readonly unsureBefore: () => number;
  readonly secretMatches: (kept: string, sent: string) => boolean;
  readonly referenceOf: (ctx: KoaContextWithOIDC) => string;
  readonly onServerError: (ctx: KoaContextWithOIDC, error: Error) => void;
  readonly requestUnitOfWork: UnitOfWork;
}

/** Runs a request so that what it writes to grants is written by one commit at its end. */
export type UnitOfWork = (
  purpose: 'token' | 'introspection' | 'revocation',
  work: (commit: CommitRequest) => Promise<void>,
) => Promise<void>;

/**
 * Writes what a request gathered. `again`: it repeats one that was answered, and this is what that was told.
 *
 * @param intent must have happened before anything is made
 */
export type CommitRequest = (
  request: 'succeeded' | 'refused',
  answer?: string,
  intent?: () => Promise<void>,
) => Promise<{ readonly outcome: 'committed' | 'lost' | 'revoked'; readonly again?: string }>;
