import { hostInWords } from '../clients/index.ts';
import type { Visit } from './visit.ts';

/** Who asks, as every page shows it, with its host beside the name. */
export function appView({ client, pending }: Visit): Record<string, unknown> {
  return {
    name: client.client_name,
    host: hostInWords(pending.redirectUri),
    kind: client.token_endpoint_auth_method === 'none' ? 'public' : 'confidential',
  };
}
