/**
 * People: accounts, passwords, and who may see whose record. Pure rules and a port; knows neither HTTP nor the store.
 * Called by the sign-in screen, the patient picker, and each token request (a disabled account gets nothing).
 */
export {
  ROLES,
  canonicalUsername,
  fitsRole,
  newAccount,
  ownPatient,
  patientsWithin,
  rightsOf,
  type Account,
  type AccountStore,
  type NewAccount,
  type Role,
} from './account.ts';
export { createBreachLookup, type BreachLookup } from './breached.ts';
export { MFA_RULES, type MfaRule } from './mfa-rule.ts';
export {
  checkPassword,
  passwordRulesOf,
  safeLength,
  type PasswordCheck,
  type PasswordProblem,
  type PasswordRules,
} from './password-rules.ts';
export { MAX_PASSWORD_LENGTH, hashPassword, verifyPassword } from './password.ts';
export {
  MAX_FIELD_LENGTH,
  attemptAsEvent,
  attemptInWords,
  attemptSignIn,
  secondsToWait,
  type AttemptResult,
} from './attempt.ts';
export { createAccount, signIn, type SignInResult } from './sign-in.ts';
export {
  NO_FACTORS,
  type FactorChange,
  type FactorStore,
  type Factors,
  type KeyedHash,
  type Passkey,
} from './factors/record.ts';
export { attemptFactor, type FactorAttempt, type FactorThrottle } from './factors/attempt-factor.ts';
export { TOTP_STEP_SECONDS, confirmTotp, offerTotp, takeTotp, type TotpOffer } from './factors/totp.ts';
export { issueRecoveryCodes, takeRecoveryCode } from './factors/recovery-codes.ts';
export {
  issueCode,
  takeCode,
  type OneTimeCode,
  type OneTimeCodeStore,
  type OneTimeParts,
} from './factors/one-time.ts';
export type { ComposeMail, Mail, Outbox } from './mail.ts';
export {
  confirmAddress,
  mailAddressCode,
  mailSignInCode,
  takeSignInCode,
  type MailedCodeParts,
} from './mailed-codes.ts';
export {
  STAFF_CODE_SECONDS,
  finishReset,
  requestReset,
  staffResetCode,
  type ResetForm,
  type ResetParts,
  type ResetResult,
} from './reset.ts';
export { CHALLENGE_SECONDS, type ChallengeStore } from './factors/challenges.ts';
export {
  MAX_PASSKEY_NAME,
  addPasskey,
  offerPasskey,
  type AddedPasskey,
  type PasskeyParts,
} from './factors/new-passkey.ts';
export { askForPasskey, takePasskey, type TakenPasskey } from './factors/take-passkey.ts';
export {
  ACR_VALUES,
  acrOf,
  acrToSay,
  amrOf,
  factorsNeeded,
  stepUp,
  methodOf,
  methodsSaid,
  type Acr,
  type FactorsAsked,
  type FactorsNeeded,
  type FactorsOwned,
  type FactorsShown,
  type Method,
  type Second,
} from './factors/policy.ts';
export { hasSecondFactor, removeFactor, type FactorName } from './factors/remove-factor.ts';
export { browserName, type BrowserName } from './browser.ts';
export { endOldestSessions } from './session-cap.ts';
export type { SessionList, SessionSummary } from './sessions.ts';
