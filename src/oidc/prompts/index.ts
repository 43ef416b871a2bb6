import { interactionPolicy } from 'oidc-provider';

import { launchContextPrompt } from './launch-context.ts';

/** Why a person is asked, in order: to sign in, to choose a patient, to consent. */
export function promptPolicy(idle: interactionPolicy.Check): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.get('login')?.checks.add(idle);
  policy.add(launchContextPrompt(), 1);
  return policy;
}
