/** Ends every `switch` over a union, so that a new member is a type error and never a silent default. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
}
