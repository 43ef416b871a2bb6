/**
 * The kit a FHIR server uses to let Gatehouse guard it: take the token, ask what it may do, decide, filter, answer.
 * {@link createResourceServer} keeps what it learned of tokens as long as it hears of revocations; everything else is a
 * function. Owns no routes and no store; knows no web framework but for the adapters beside it. Called by the demo FHIR server, by the
 * gateway, and by FHIR servers of others as `gatehouse/resource-server`.
 *
 * ```ts
 * const bearer = readBearer(request.headers.authorization);
 * if (bearer.kind !== 'token') return answer(401, challenge(bearerRefusal(bearer)));
 * const result = await introspect(bearer.token);
 * if (result.kind !== 'active') …
 * const decision = decide(result.token, request);
 * if (!decision.allowed) return answer(denial(decision));
 * const visible = resources.filter(decision.visible);
 * ```
 */
export { bearerRefusal, readBearer, type Bearer } from './bearer.ts';
export {
  createIntrospector,
  type IntrospectionResult,
  type Introspect,
  type IntrospectorOptions,
} from './introspection.ts';
export {
  createResourceServer,
  type Authenticated,
  type RequestHeaders,
  type ResourceServer,
  type ResourceServerOptions,
} from './server.ts';
export type { CacheOptions } from './token-cache.ts';
export type { Credentials } from './credentials.ts';
export { createGuard, type Admitted, type Checked, type GuardOptions, type GuardedRequest } from './guard.ts';
export type { UsageOptions } from './usage.ts';
export type { RefusedAnswer } from './refused-answer.ts';
export type { FeedState } from './revocations.ts';
export { createJwtReader, type JwtReaderOptions } from './jwt.ts';
export { tokenFrom, verifyToken, type TokenInfo } from './token.ts';
export { interactionOf, type FhirInteraction, type FhirRequest } from './interaction.ts';
export { decide, type Decision, type RequestDecision } from './decide.ts';
export type { Allowed, AllowedRequest, Check } from './allowed.ts';
export type { DecideOptions } from './options.ts';
export type { Filter } from './filters.ts';
export type { Parameter } from './narrow.ts';
export { visibleBundle } from './visible-bundle.ts';
export { decideBatch, type BatchDecision, type EntryDecision } from './batch.ts';
export type { Refused } from './refused.ts';
export { isInPatientCompartment, patientsOf, visibleTo, type FhirResource } from './compartment.ts';
export { SHARED_TYPES, WITHHELD_TYPES, patientElementOf, type PatientElement } from './patient-record.ts';
export { matchesConstraint } from './constraint.ts';
export { CORS_HEADERS, PREFLIGHT_HEADERS } from './cors.ts';
export { NOTHING_HERE, UNAVAILABLE, answerTo } from './refused-answer.ts';
export {
  NOT_FOUND,
  challenge,
  denial,
  operationOutcome,
  outcomeAnswer,
  type Denial,
  type IssueCode,
  type OperationOutcome,
  type OutcomeAnswer,
  type Severity,
} from './responses.ts';
export { capabilitySecurity } from './capability-security.ts';
export { createDiscoveryProxy, type Discovery, type DiscoveryProxyOptions } from './discovery.ts';
