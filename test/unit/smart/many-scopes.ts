import type { GrantBounds } from '../../../src/smart/index.ts';

/** So many scopes, as one parameter. */
export function times(count: number, write: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => write(at)).join(' ');
}

/** Somebody who may read everything, with an app that is registered for this. */
export function bounds(registered: string): GrantBounds {
  return {
    registered,
    ...{ flow: 'user', mayRefresh: true, hasLaunch: false, hasFhirUser: true },
    userRights: 'patient/*.rs user/*.rs',
  };
}
