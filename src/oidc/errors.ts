import { errors } from 'oidc-provider';

import type { LaunchProblemCode } from '../launch/index.ts';
import { assertNever } from '../oauth/index.ts';
import { describeDropped, type DroppedScope } from '../smart/index.ts';

/** Why an authorization request is refused before anyone is asked. */
export type RequestProblem =
  | { readonly code: 'aud-missing' }
  | { readonly code: 'aud-unknown' }
  | { readonly code: 'aud-not-registered' }
  | { readonly code: 'resource-differs' }
  | { readonly code: 'state-missing' }
  | { readonly code: 'too-long'; readonly parameter: string; readonly limit: number }
  | { readonly code: 'too-many-scopes'; readonly characters: number; readonly scopes: number }
  | { readonly code: 'response-mode' }
  | { readonly code: 'launch-missing' }
  | { readonly code: 'launch-scope-missing' }
  | { readonly code: 'launch'; readonly problem: LaunchProblemCode }
  | { readonly code: 'scope-missing' }
  | { readonly code: 'nothing-to-grant'; readonly dropped: readonly DroppedScope[] };

/** The one place where a domain problem becomes a protocol error. */
export function toProtocolError(problem: RequestProblem): errors.OIDCProviderError {
  switch (problem.code) {
    case 'aud-missing':
      return invalidRequest('aud is required: the FHIR base URL the token is for');
    case 'aud-not-registered':
      return invalidRequest('aud is a FHIR server this app is not registered for');
    case 'aud-unknown':
      return invalidRequest('aud is not a FHIR server of this authorization server');
    case 'resource-differs':
      return invalidRequest('resource, if sent beside aud, must be the same single URL');
    case 'state-missing':
      return invalidRequest('state is required');
    case 'too-long':
      return invalidRequest(`${problem.parameter} is longer than ${problem.limit} characters`);
    case 'too-many-scopes':
      return new errors.CustomOIDCProviderError(
        'invalid_scope',
        `scope has more than ${problem.scopes} scopes or ${problem.characters} characters`,
      );
    case 'response-mode':
      return invalidRequest('response_mode, if sent, must be query');
    case 'launch-missing':
      return invalidRequest('the launch scope needs the launch parameter of an EHR launch');
    case 'launch-scope-missing':
      return invalidRequest('the launch parameter needs the launch scope');
    case 'launch':
      return invalidRequest(describeLaunchProblem(problem.problem));
    case 'scope-missing':
      return invalidRequest('scope is required');
    case 'nothing-to-grant':
      return new errors.CustomOIDCProviderError(
        'invalid_scope',
        `none of the requested scopes can be granted: ${describeDropped(problem.dropped)}`,
      );
    default:
      return assertNever(problem);
  }
}

function describeLaunchProblem(problem: LaunchProblemCode): string {
  switch (problem) {
    case 'unknown':
      return 'the launch is unknown, was used already or is older than five minutes; launch the app again';
    case 'other-client':
      return 'the launch was made for another app';
    case 'other-fhir-server':
      return 'aud differs from the iss this launch was made for';
    default:
      return assertNever(problem);
  }
}

function invalidRequest(description: string): errors.OIDCProviderError {
  return new errors.InvalidRequest(description);
}
