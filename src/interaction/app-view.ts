import { hostInWords } from '../clients/index.ts';
import { languageOf } from '../language/index.ts';
import type { Visit } from './visit.ts';

/** Who asks, as every page shows it, with its host beside the name. */
export function appView({ client, pending, ctx }: Visit): Record<string, unknown> {
  const about = client.about?.[languageOf(ctx).tag] ?? Object.values(client.about ?? {})[0];
  return {
    ...(about === undefined ? {} : { about }),
    name: client.client_name,
    host: hostInWords(pending.redirectUri),
    verified: client.verified === true,
    kind: client.token_endpoint_auth_method === 'none' ? 'public' : 'confidential',
  };
}
