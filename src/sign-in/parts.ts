import type { Context } from 'koa';

import type { AuditRecorder } from '../audit/index.ts';
import type { Config } from '../config/index.ts';
import type { Arrived, BackchannelLogout, UpstreamSignIn } from '../upstream/index.ts';

/** What these ways need from the rest of the house. */
export interface SignInParts {
  readonly config: Pick<Config, 'issuer' | 'signIn'>;
  readonly upstream: UpstreamSignIn;
  readonly backchannelLogout: BackchannelLogout;
  /** Signs in where it began, or says there why not, and returns where that is. */
  readonly arrive: (ctx: Context, arrived: Arrived, provider: string) => Promise<string>;
  /** The page for an answer that belongs to nothing. */
  readonly lost: (ctx: Context) => void;
  /** A keyed hash of the secret in a browser's cookie. */
  readonly browserHash: (secret: string) => string;
  readonly audit: AuditRecorder;
  readonly log: { warn(details: object, message: string): void };
  readonly referenceOf: (ctx: Context) => string;
  /** The page that says so. */
  readonly signedOutPage: string;
}
