/**
 * The resource-server kit as a reverse proxy: makes any FHIR server a SMART resource server. Owns how requests and answers
 * pass through and what is held back of them; what a token may do the kit decides. Called by `gatehouse gateway`.
 */
export { createGateway, type Gateway, type GatewayParts } from './gateway.ts';
export type { GatewayOptions } from './options.ts';
