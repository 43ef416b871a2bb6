import type Koa from 'koa';
import type { Provider } from 'oidc-provider';

import type { AuditRecorder, Tally } from '../audit/index.ts';
import type { ClientMemory, ClientRegistry } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import type { Account } from '../identity/index.ts';
import type { Teller, TokenReader } from '../introspection/index.ts';
import type { SigningKeySet } from '../keys/index.ts';
import type { RequestLimits } from '../limits/index.ts';
import type { LaunchStore } from '../launch/index.ts';
import type { RevocationFeed } from '../revocations/index.ts';
import type { AccountId, Clock } from '../oauth/index.ts';
import type { UsageStore } from '../usage/index.ts';
import { authorizeByPost, resumePostedRequest, type PostedRequestStore } from './authorize-post.ts';
import { introspectByBearer } from './bearer-introspection.ts';
import { launchEndpoint } from './launch-endpoint.ts';
import { limitAuthorizations, limitFailures, mayFail } from './limited.ts';
import { openDocuments } from './open-documents.ts';
import { revocationFeed } from './revocation-feed.ts';
import { usageEndpoint } from './usage-endpoint.ts';

export interface EndpointParts {
  readonly config: Config;
  readonly provider: () => Provider;
  readonly signingKeys: () => SigningKeySet;
  readonly clients: ClientRegistry;
  readonly remembered: ClientMemory;
  readonly tokens: TokenReader;
  readonly tell: Teller;
  readonly tally: Tally;
  readonly feed: RevocationFeed;
  readonly usage: UsageStore;
  readonly launches: LaunchStore;
  readonly posted: PostedRequestStore;
  readonly findAccount: (id: AccountId) => Promise<Account | undefined>;
  readonly launchHash: (launch: string) => string;
  readonly limits: RequestLimits;
  readonly audit: AuditRecorder;
  readonly referenceOf: (ctx: Koa.Context) => string;
  readonly clock: Clock;
}

/** The protocol endpoints oidc-provider does not have; mount them in front of it, and behind {@link auditRefusals}. */
export function mountEndpoints(app: Koa, parts: EndpointParts): void {
  app.use(openDocuments());
  app.use(limitAuthorizations(parts.limits));
  app.use(limitFailures(parts.limits, mayFail));
  app.use(launchEndpoint(parts).routes());
  const asked = { ...parts, clients: parts.remembered, issuer: parts.config.issuer };
  app.use(introspectByBearer(asked).routes());
  app.use(revocationFeed(asked).routes());
  app.use(usageEndpoint(asked).routes());
  app.use(authorizeByPost(parts.posted).routes());
  app.use(resumePostedRequest(parts.posted));
}
