/**
 * Audit records as FHIR R4 AuditEvents, in the shapes of IHE Basic Audit Log Patterns where it has one (SEC-3). Owns which event
 * becomes which AuditEvent, and its id; pure, and claims a profile only where the record holds all that the profile asks for.
 * Called by `gatehouse audit export` and by who delivers the audit log.
 */
export { auditEventsOf } from './audit-events.ts';
export { LINE_PATH, type AuditEventResource } from './resource.ts';
