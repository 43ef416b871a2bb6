/**
 * What we sign with: id tokens and signed introspection answers with RS256, as SMART and RFC 9701 want; JWT access tokens
 * with ES256, which costs a seventh. FIPS 186-5 has all of these.
 */
export const SIGNING_ALGORITHMS = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];
/** Records of what people decided have keys of their own, in a set of their own; so has the audit log. */
export const RECORD_ALGORITHMS = ['ES256'] as const;
/** What clients prove by who they are: those two that SMART asks for. */
export const CLIENT_ALGORITHMS = ['RS384', 'ES384'] as const;
