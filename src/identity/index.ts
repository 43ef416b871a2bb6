/**
 * People: accounts, passwords, and who may see whose record. Pure rules and a port; knows neither HTTP nor the store.
 * Called by the sign-in screen, the patient picker, and each token request (a disabled account gets nothing).
 */
export {
  ROLES,
  canonicalUsername,
  maySeePatient,
  newAccount,
  ownPatient,
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
