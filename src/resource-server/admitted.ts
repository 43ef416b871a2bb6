import type { Admitted } from './guard.ts';

const passed = new WeakMap<object, Admitted>();

/** Remembers beside a request what it may do; nothing is written on the request itself. */
export function admit(request: object, admitted: Admitted): void {
  passed.set(request, admitted);
}

/** What this request may do. @throws TypeError when it did not pass the guard: it must not be served */
export function admittedBy(request: object): Admitted {
  const admitted = passed.get(request);
  if (admitted) return admitted;
  throw new TypeError('this request did not pass the guard of the resource server');
}
