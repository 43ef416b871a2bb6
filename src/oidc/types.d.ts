import 'oidc-provider';

import type { ClientRight } from '../clients/index.ts';
import type { UpstreamSession } from '../upstream/index.ts';
import type { GrantedContext } from './granted-context.ts';

declare module 'oidc-provider' {
  interface Grant {
    /** Chosen once, read from here by everyone (ARCHITECTURE §3.7). */
    smart?: GrantedContext;
  }
  interface Session {
    /** The session elsewhere that this one hangs on. */
    upstream?: UpstreamSession;
  }
  interface InteractionResults {
    /** The session elsewhere that the person came from. */
    upstream?: UpstreamSession;
  }
  interface Client {
    smart_scope?: string;
    allowed_origins?: readonly string[];
    rights?: readonly ClientRight[];
    fhir_servers?: readonly string[];
  }
}
