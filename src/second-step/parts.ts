import type { Context } from 'koa';

import type { AuditRecorder } from '../audit/index.ts';
import type {
  Account,
  AccountStore,
  FactorStore,
  FactorThrottle,
  KeyedHash,
  MailedCodeParts,
  PasskeyParts,
} from '../identity/index.ts';
import type { PageName } from '../language/index.ts';
import type { ClientId, Clock } from '../oauth/index.ts';

/** What these pages need from the rest of the house. */
export interface SecondStepParts {
  /** What an app for codes shows above ours. */
  readonly name: string;
  readonly factors: FactorStore;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly passkeys: PasskeyParts;
  readonly hash: KeyedHash;
  readonly throttle: FactorThrottle;
  /** Absent: no mail is sent. */
  readonly mailed?: MailedCodeParts;
  /** Tells somebody by mail that how they sign in was changed. */
  readonly notice: (ctx: Context, account: Account) => void;
  /** Where people add a passkey, and see what they have. */
  readonly accountPath: string;
  readonly audit: AuditRecorder;
  readonly clock: Clock;
  readonly render: (ctx: Context, page: PageName, data: object, status?: number) => void;
}

/** Who is asked, and where. */
export interface Occasion {
  readonly ctx: Context;
  readonly account: Account;
  /** This browser's session or interaction: what a passkey signs for one is of no use in another. */
  readonly binding: string;
  /** The address of the page; its forms go there. */
  readonly action: string;
  /** What makes a form ours. */
  readonly form: (step: string) => Readonly<Record<string, unknown>>;
  readonly seen: { readonly reference: string; readonly address: string; readonly clientId?: ClientId };
  /** How one leaves: back to who waits, or out. */
  readonly out: { readonly canCancel?: true; readonly signOutHref?: string; readonly backHref?: string };
}

/** The first of the posted fields with this name; empty: there is none. */
export type Read = (name: string) => string;

/** What the script of the page put into its form; what is no JSON is no passkey. */
export function readPasskey(read: Read): unknown {
  try {
    return JSON.parse(read('passkey')) as unknown;
  } catch {
    return undefined;
  }
}
