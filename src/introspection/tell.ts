import type { ClientMemory } from '../clients/index.ts';
import { mayBeTold, type Caller } from './rights.ts';
import type { LivingToken, TokenReader } from './token.ts';

export interface TellerParts {
  readonly tokens: TokenReader;
  readonly clients: ClientMemory;
  readonly fhirServers: readonly { readonly id: string; readonly url: string }[];
}

/** Finds the token a caller asks about: `undefined` unless it lives, as its client does, and this caller may know of it. */
export type Teller = (text: string, caller: Caller) => Promise<LivingToken | undefined>;

/** Apps need not know which of their tokens are of one grant. */
function withoutGrantRef({ extra: { grant_ref: _ref, ...extra } = {}, ...token }: LivingToken): LivingToken {
  return { ...token, extra };
}

export function createTeller({ tokens, clients, fhirServers }: TellerParts): Teller {
  const urlsOf = (ids: readonly string[]): string[] =>
    fhirServers.filter(({ id }) => ids.includes(id)).map(({ url }) => url);
  return async (text, caller) => {
    const token = await tokens.read(text);
    if (!token || !mayBeTold(caller, token, urlsOf)) return undefined;
    const owner = (clients.peek(token.clientId) ?? { client: await clients.find(token.clientId) }).client;
    if (!owner || owner.disabled) return undefined;
    return caller.rights.includes('introspect') ? token : withoutGrantRef(token);
  };
}
