/**
 * Client registrations: their shape, what contradicts what, and one list over configured and stored ones. Knows
 * neither HTTP nor oidc-provider. Called when a client is added, and each time one is looked up.
 */
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
