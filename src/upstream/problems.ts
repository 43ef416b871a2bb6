import type { Language } from '../language/index.ts';

/** Why a provider did not sign somebody in. */
const PROBLEMS = [
  // It did not answer.
  'away',
  // The person stopped it there, or it said no.
  'denied',
  // It answered with another error.
  'failed',
  // Its answer is not what it should be: another issuer, a wrong nonce, a bad signature.
  'not-trusted',
  // It was asked to sign in anew, and did not.
  'not-fresh',
  // The person signed out there before they had finished here.
  'ended-there',
  'unknown-account',
  'disabled',
  'no-role',
  // A patient, and nobody knows which.
  'no-fhir-user',
  // The number it gave finds nobody, or more than one.
  'person-not-found',
  'fhir-away',
  // Somebody else has the user name already, or it says none.
  'username',
] as const;
export type SignInProblem = (typeof PROBLEMS)[number];

export function readSignInProblem(text: unknown): SignInProblem | undefined {
  return PROBLEMS.find((problem) => problem === text);
}

/** In plain words, with what to do. */
export function signInProblemInWords(problem: SignInProblem, provider: string, { say }: Language): string {
  return say(`problem.sign-in.${problem}`, { provider });
}
