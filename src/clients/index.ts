/**
 * Client registrations: their shape, what contradicts what, and one list over configured and stored ones; and the rules
 * for keys a client keeps at a URL; and the one way to ask an address that a client gave. Knows no oidc-provider. Called
 * when a client is added, when one is looked up, when its keys are fetched, and when it is told of a sign-out.
 */
export { askClient, reasonOfAsking, type AskParts, type Lookup } from './ask.ts';
export { hostInWords } from './host.ts';
export { contains, ranges } from './address-range.ts';
export { addressRange, createClientHosts, privateHost, type ClientHosts } from './client-hosts.ts';
export {
  findKey,
  keepSeconds,
  readKeySet,
  type FoundKey,
  type KeySetRead,
  type PublicKey,
} from './key-set.ts';
export { rememberClients, type ClientMemory } from './memory.ts';
export {
  OWN_CLIENT_ID,
  browserOrigins,
  clientRegistration,
  isClientId,
  isLoopback,
  type ClientRegistration,
  type ClientRegistrationInput,
  type ClientRight,
} from './registration.ts';
export {
  createClientRegistry,
  hashSecret,
  secretMatches,
  type Client,
  type ClientRegistry,
  type ClientStore,
} from './registry.ts';
