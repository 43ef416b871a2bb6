import type { Context } from 'koa';

import type { AuditRecorder } from '../audit/index.ts';
import type { Account, FactorStore, FactorThrottle, KeyedHash } from '../identity/index.ts';
import type { ClientId, Clock } from '../oauth/index.ts';

/** What these pages need from the rest of the house. */
export interface SecondStepParts {
  /** What an app for codes shows above ours. */
  readonly name: string;
  readonly factors: FactorStore;
  readonly hash: KeyedHash;
  readonly throttle: FactorThrottle;
  readonly audit: AuditRecorder;
  readonly clock: Clock;
  readonly render: (
    ctx: Context,
    page: 'second-step' | 'set-up-app' | 'printed-codes',
    data: object,
    status?: number,
  ) => void;
}

/** Who is asked, and where. */
export interface Occasion {
  readonly ctx: Context;
  readonly account: Account;
  /** The address of the page; its forms go there. */
  readonly action: string;
  /** What makes a form ours. */
  readonly form: (step: string) => Readonly<Record<string, unknown>>;
  readonly seen: { readonly reference: string; readonly address: string; readonly clientId?: ClientId };
  /** How one leaves: back to who waits, or out. */
  readonly out: { readonly canCancel: true } | { readonly signOutHref: string };
}

/** The first of the posted fields with this name; empty: there is none. */
export type Read = (name: string) => string;
