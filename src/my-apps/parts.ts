import type { Context } from 'koa';

import type { AuditRecorder } from '../audit/index.ts';
import type { ClientRegistry } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { ConsentMemory, GrantSummary } from '../consent/index.ts';
import type { AccountStore } from '../identity/index.ts';
import type { SignInThrottle } from '../limits/index.ts';
import type { AccountId, Clock, GrantId } from '../oauth/index.ts';
import type { DecisionRecords } from '../records/index.ts';
import type { Began, Question } from '../upstream/index.ts';
import type { UsageStore } from '../usage/index.ts';

/** What these pages need from the rest of the house. */
export interface MyAppsParts {
  readonly config: Pick<Config, 'fhirServers' | 'issuer'>;
  readonly clients: Pick<ClientRegistry, 'find'>;
  readonly accounts: Pick<AccountStore, 'find' | 'findByUsername'>;
  readonly grantsOf: (accountId: AccountId) => Promise<readonly GrantSummary[]>;
  readonly usage: Pick<UsageStore, 'of'>;
  /** What is taken back is asked about anew. */
  readonly memory: Pick<ConsentMemory, 'forget'>;
  /** Ends a grant on every node at once. */
  readonly end: (grantId: GrantId) => Promise<void>;
  /** Leaves it only this, on every node at once; `false`: it has ended already. */
  readonly narrow: (grantId: GrantId, scope: string) => Promise<boolean>;
  /** `undefined`: nobody knows that patient, or the FHIR server is away. */
  readonly patientName: (fhirBaseUrl: string, id: string) => Promise<string | undefined>;
  readonly sessions: {
    find(ctx: Context): Promise<{ readonly accountId: AccountId; readonly id: string } | undefined>;
    begin(ctx: Context, accountId: AccountId): Promise<void>;
  };
  readonly records: Pick<DecisionRecords, 'keepIfPossible' | 'of'>;
  readonly throttle: SignInThrottle;
  /** The way to other identity providers. */
  readonly providers: {
    choices(): readonly { readonly id: string; readonly name: string }[];
    ofAddress(typed: string): string | undefined;
    takesPasswords(): boolean;
    /** Where the browser goes on; `undefined`: the provider is away. */
    open(ctx: Context, provider: string, from: Began, question: Question): Promise<string | undefined>;
  };
  readonly render: (
    ctx: Context,
    page: 'login' | 'to-provider' | 'my-apps' | 'my-app' | 'my-history',
    data: object,
    status?: number,
  ) => void;
  /** What {@link render} would answer with. */
  readonly text: (ctx: Context, page: 'my-app', data: object) => string;
  readonly audit: AuditRecorder;
  readonly clock: Clock;
  /** A secret of our own for the forms of one session. */
  readonly formSecret: (sessionId: string) => string;
  readonly usernameHash: (username: string) => string;
  readonly referenceOf: (ctx: Context) => string;
  readonly signOutPath: string;
}
