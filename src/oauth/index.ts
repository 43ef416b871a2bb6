/**
 * The words of the protocol: identifiers, units and error codes. Pure; imports nothing; everyone may use it.
 */
export { assertNever } from './assert-never.ts';
export type { Clock, EpochSeconds } from './time.ts';
export { systemClock } from './time.ts';
export type { ClientId, GrantId, LaunchId, AccountId } from './identifiers.ts';
export { newReferenceId } from './identifiers.ts';
export { repeatedMember } from './repeated-member.ts';
export { ERROR_CODES, type ErrorCode } from './error-codes.ts';
