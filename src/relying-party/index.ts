/**
 * OpenID Connect from the side of who asks, by openid-client: discovery, authorization requests, their answers, signing out,
 * and logout tokens. Knows nothing of accounts or pages; `upstream/` says what is asked and what becomes of it.
 */
export { createRelyingParty } from './relying-party.ts';
