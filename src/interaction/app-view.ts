import { domainToASCII } from 'node:url';

import type { Visit } from './visit.ts';

/** Who asks, as every page shows it: a name can claim anything, so the host stands beside it, in ASCII (A019). */
export function appView({ client, pending }: Visit): Record<string, unknown> {
  const { hostname, protocol, port } = new URL(pending.redirectUri);
  const host = protocol.startsWith('http') ? domainToASCII(hostname) + (port ? `:${port}` : '') : protocol;
  return {
    name: client.client_name,
    host,
    kind: client.token_endpoint_auth_method === 'none' ? 'public' : 'confidential',
  };
}
