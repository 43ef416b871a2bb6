import type { Context } from 'koa';

import type { AuditRecorder } from '../audit/index.ts';
import type { ClientRegistry } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { ConsentMemory, GrantSummary } from '../consent/index.ts';
import type {
  Account,
  AccountStore,
  BreachLookup,
  FactorStore,
  MailedCodeParts,
  OneTimeParts,
  Method,
  SessionList,
} from '../identity/index.ts';
import type { PageName } from '../language/index.ts';
import type { SignInThrottle } from '../limits/index.ts';
import type { AccountId, Clock, EpochSeconds, GrantId } from '../oauth/index.ts';
import type { DecisionRecords } from '../records/index.ts';
import type { SecondStepParts } from '../second-step/index.ts';
import type { Began, Question } from '../upstream/index.ts';
import type { UsageStore } from '../usage/index.ts';

interface Session {
  readonly accountId: AccountId;
  readonly id: string;
  readonly methods: readonly Method[];
  readonly at: EpochSeconds;
}

/** What these pages need from the rest of the house. */
export interface MyAppsParts {
  readonly config: Pick<Config, 'fhirServers' | 'issuer' | 'signIn'>;
  readonly clients: Pick<ClientRegistry, 'find'>;
  readonly accounts: Pick<AccountStore, 'find' | 'findByUsername' | 'change'>;
  readonly grantsOf: (accountId: AccountId) => Promise<readonly GrantSummary[]>;
  /** What others allowed for a patient. @param fhirUser as in their account: `Patient/123` */
  readonly grantsFor: (fhirUser: string) => Promise<readonly GrantSummary[]>;
  readonly usage: Pick<UsageStore, 'of'>;
  /** What is taken back is asked about anew. */
  readonly memory: ConsentMemory;
  /** Ends a grant on every node at once. */
  readonly end: (grantId: GrantId) => Promise<void>;
  /** Writes down for who allowed it that its patient stopped it; never throws. */
  readonly keepStoppedByPatient: (grant: GrantSummary) => Promise<void>;
  /** Leaves it only this, on every node at once; `false`: it has ended already. */
  readonly narrow: (grantId: GrantId, scope: string) => Promise<boolean>;
  /** `undefined`: nobody knows that patient, or the FHIR server is away. */
  readonly patientName: (fhirBaseUrl: string, id: string) => Promise<string | undefined>;
  readonly sessions: {
    find(ctx: Context): Promise<Session | undefined>;
    begin(ctx: Context, accountId: AccountId, method: Method): Promise<void>;
    add(ctx: Context, method: Method): Promise<void>;
  };
  readonly factors: FactorStore;
  /** Where they are signed in. */
  readonly sessionList: SessionList;
  /** What the list calls a session of {@link sessions}. */
  readonly sessionRef: (id: string) => string;
  readonly oneTime: OneTimeParts;
  /** Absent: no mail is sent. */
  readonly mailed?: MailedCodeParts;
  /** Seconds until somebody there may ask for another code; 0: at once. Counts one more. */
  readonly waitForReset: (address: string) => Promise<number>;
  readonly brandName: string;
  /** Absent: nobody is asked. */
  readonly isBreached?: BreachLookup;
  readonly mayMail: (account: Account) => boolean;
  readonly secondStep: SecondStepParts;
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
  readonly render: (ctx: Context, page: PageName, data: object, status?: number) => void;
  /** What {@link render} would answer with. */
  readonly text: (ctx: Context, page: PageName, data: object) => string;
  readonly audit: AuditRecorder;
  readonly clock: Clock;
  /** A secret of our own for the forms of one session. */
  readonly formSecret: (sessionId: string) => string;
  readonly usernameHash: (username: string) => string;
  readonly referenceOf: (ctx: Context) => string;
  readonly signOutPath: string;
}
