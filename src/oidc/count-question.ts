import type { Tally } from '../audit/index.ts';
import type { LivingToken } from '../introspection/index.ts';
import type { ClientId } from '../oauth/index.ts';
import { AUDIT_SCOPE, OWN_CLIENT } from './own-token.ts';

/**
 * Counts a question for the audit log, unless it is about the token by which the log itself is sent to a FHIR server: the
 * record of that would be sent too, and asked about again, and so on for ever.
 *
 * @param token `undefined`: it has ended, or there never was one
 */
export function countQuestion(
  tally: Pick<Tally, 'count'>,
  resourceServer: ClientId,
  token: Pick<LivingToken, 'clientId' | 'scope'> | undefined,
): void {
  if (token?.clientId === OWN_CLIENT.client_id && token.scope === AUDIT_SCOPE) return;
  tally.count(token ? { resourceServer, clientId: token.clientId } : { resourceServer });
}
