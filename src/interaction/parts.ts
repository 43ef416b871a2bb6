import type { Context } from 'koa';
import type { Logger } from 'pino';

import type { AuditRecorder } from '../audit/index.ts';
import type { ClientRegistration, ClientRegistry } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { ConsentMemory } from '../consent/index.ts';
import type { Account, AccountStore, FactorStore } from '../identity/index.ts';
import type { SignInThrottle } from '../limits/index.ts';
import type { Languages } from '../language/index.ts';
import type { EmergencyNotice, GrantNotice } from '../notices/index.ts';
import type { LaunchStore } from '../launch/index.ts';
import type { AccountId, Clock } from '../oauth/index.ts';
import type { DecisionRecords } from '../records/index.ts';
import type { Standing } from '../representation/index.ts';
import type { SecondStepParts } from '../second-step/index.ts';
import type { Began, Question, UpstreamSession } from '../upstream/index.ts';
import type { Directory } from './directory.ts';
import type { AuthorizationEngine } from './engine.ts';
import type { Pages } from './pages.ts';
import type { Progress } from './progress.ts';

/** What the screens need from the rest of the house. */
export interface InteractionParts {
  readonly config: Pick<Config, 'issuer' | 'fhirServers' | 'tokens' | 'consent' | 'name' | 'signIn'>;
  readonly engine: AuthorizationEngine;
  readonly progress: ProgressStore;
  readonly throttle: SignInThrottle;
  readonly providers: ProviderDoor;
  readonly accounts: AccountStore;
  readonly factors: Pick<FactorStore, 'read'>;
  readonly secondStep: SecondStepParts;
  /** A code can be mailed to them, and counts. */
  readonly mayMail: (account: Account) => boolean;
  /** What an EHR signed about its user; `undefined`: it did not. */
  readonly verifyUserAssertion: (ehr: ClientRegistration, assertion: string) => Promise<unknown>;
  /** Has the session ended that somebody came from? */
  readonly upstreamEnded: (upstream: UpstreamSession) => Promise<boolean>;
  readonly clients: ClientRegistry;
  readonly launches: LaunchStore;
  readonly memory: ConsentMemory;
  /** Tells people by mail of lasting access they gave; absent: nobody does. */
  readonly tellOfGrant?: GrantNotice | undefined;
  /** Tells whom the FHIR server's operator named that somebody broke the glass; absent: there is no mail. */
  readonly tellOfEmergency?: EmergencyNotice | undefined;
  readonly recentPatients: RecentPatients;
  readonly directory: (fhirBaseUrl: string) => Directory;
  /** Whom somebody may act for, asked each time; rejects when the FHIR server is away. */
  readonly standings: (account: Account, fhirBaseUrl: string) => Promise<readonly Standing[]>;
  readonly pages: Pages;
  readonly languages: Languages;
  readonly audit: AuditRecorder;
  readonly records: Pick<DecisionRecords, 'keep' | 'keepIfPossible'>;
  readonly log: Logger;
  readonly clock: Clock;
  /** The style document for embedded apps, sent along with an EHR launch (CTX-06). */
  readonly smartStyleUrl: string;
  /** Where people stop what they allowed. */
  readonly myAppsPath: string;
  /** Where who has forgotten a password sets another one, and comes back from. */
  readonly forgottenHref: (back?: { readonly uid: string; readonly uiLocales?: string }) => string;
  /** A secret of our own for each interaction. */
  readonly formSecret: (uid: string) => string;
  readonly usernameHash: (username: string) => string;
  readonly launchHash: (launch: string) => string;
  /** Is this page shown inside another one? */
  readonly isFramed: (ctx: Context) => boolean;
  readonly referenceFor: (ctx: Context, authorization?: string) => string;
}

/** Whom a clinician chose lately, the latest first; `store/` implements it. */
export interface RecentPatients {
  of(accountId: AccountId, fhirBaseUrl: string): Promise<readonly string[]>;
  note(accountId: AccountId, fhirBaseUrl: string, id: string): Promise<void>;
}

/** The way to other identity providers; `sign-in/` has it. */
export interface ProviderDoor {
  /** @param fhirServer id of the one people sign in for */
  choices(
    fhirServer: string,
  ): readonly { readonly id: string; readonly name: string; readonly silent: boolean }[];
  /** Whose address somebody typed as user name. */
  ofAddress(typed: string, fhirServer: string): string | undefined;
  takesPasswords(fhirServer: string): boolean;
  /** Where the browser goes on; `undefined`: the provider is away. */
  open(ctx: Context, provider: string, from: Began, question: Question): Promise<string | undefined>;
}

/** Where a person's progress is kept; `store/` implements it. */
export interface ProgressStore {
  load(uid: string): Promise<Progress | undefined>;
  save(uid: string, progress: Progress, ttlSeconds: number): Promise<void>;
}
