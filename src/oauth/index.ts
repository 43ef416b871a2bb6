/**
 * The words of the protocol: identifiers, units and error codes, and what every folder says alike. Pure; imports nothing;
 * everyone may use it.
 */
export { assertNever } from './assert-never.ts';
export type { Clock, EpochSeconds } from './time.ts';
export { systemClock } from './time.ts';
export type { ClientId, GrantId, LaunchId, AccountId } from './identifiers.ts';
export { newReferenceId } from './identifiers.ts';
export { oneAtATime } from './one-at-a-time.ts';
export { repeatedMember } from './repeated-member.ts';
export { ERROR_CODES, type ErrorCode } from './error-codes.ts';
