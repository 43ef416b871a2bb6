/**
 * Who else signs people in for us: identity providers, such as a hospital's own. Owns which provider is for whom, what its
 * claims make of an account, and one sign-in from its start to its end. Pure rules and ports; knows no HTTP and no
 * protocol library. Called by the screens, the callback and back-channel logout.
 */
export type { Began, SignInAttempt, SignInAttempts } from './attempt.ts';
export {
  createUpstreamSignIn,
  type Arrived,
  type UpstreamSignIn,
  type UpstreamSignInParts,
} from './sign-in.ts';
export type { AccountLinks } from './links.ts';
export { providerOfAddress, providersFor, sessionCounts, takesPasswords } from './choice.ts';
export { createBackchannelLogout, type BackchannelLogout } from './logout.ts';
export { readSignInProblem, signInProblemInWords, type SignInProblem } from './problems.ts';
export type { Claims, Heard, LogoutToken, Question, RelyingParty } from './relying-party.ts';
export type { CarriedSignIn, UpstreamSession, UpstreamSessions } from './session.ts';
