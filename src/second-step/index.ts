/**
 * The pages on which somebody shows a second factor, or sets one up: the same in an authorization and outside of one. Owns
 * what they show and what their forms do; what is needed is `identity/`'s to decide, and where it leads is the caller's.
 */
export { showSecond, takeSecond } from './ask.ts';
export { showEnrolment, showNewApp, showNewPasskey, takeEnrolment } from './enrol.ts';
export type { Occasion, Read, SecondStepParts } from './parts.ts';
export { showPasskeySignIn, takePasskeySignIn } from './passkey-sign-in.ts';
export { showPrintedCodes } from './printed-codes.ts';
