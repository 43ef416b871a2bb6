/**
 * Wiring to oidc-provider and nothing else: our decisions in its words, its unsafe defaults changed, its events turned
 * into audit records, and the protocol endpoints it does not have. The rules themselves live in `smart/` and `launch/`;
 * the screens in `interaction/`.
 */
export { createClientKeys, type ClientKeysParts } from './client-keys.ts';
export { providerMetadata } from './client-metadata.ts';
export { discoveryRoutes } from './discovery.ts';
export { mountEndpoints } from './endpoints.ts';
export { createEngine } from './engine.ts';
export { boundByGrant, leftOfGrant, saidOfTokens, scopesOfGrant } from './grant-words.ts';
export { failIntrospection, introspectAtOnce } from './introspection-route.ts';
export { AUDIT_SCOPE, OWN_CLIENT, RECORDS_SCOPE, createOwnTokens } from './own-token.ts';
export { answerPreflights } from './preflight.ts';
export type { ProviderPages, ProviderParts, ShownError, UnitOfWork } from './parts.ts';
export { SIGN_OUT_PATH, createPersonSessions, type PersonSessions } from './person-session.ts';
export { createProvider } from './provider.ts';
export { provenanceKeysRoutes } from './provenance-keys.ts';
export { auditRefusals } from './refusals.ts';
export { createRotatingProvider, type RotatingProvider } from './rotating-provider.ts';
export { userAssertions, type VerifyUserAssertion } from './user-assertions.ts';
export type { CapSessions } from './session-cap.ts';
export { SERVED } from './served-paths.ts';
export { styleDocument } from './style.ts';
