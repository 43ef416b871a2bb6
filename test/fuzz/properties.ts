import { DECIDE_PROPERTIES } from './decide-properties.ts';
import { GRANT_PROPERTIES } from './grant-properties.ts';
import type { Property } from './property.ts';
import { SCOPE_PROPERTIES } from './scope-properties.ts';
import { SET_PROPERTIES } from './set-properties.ts';

/** Every promise about scopes, and what they allow, that holds for all inputs, whatever they are. */
export const PROPERTIES: readonly Property[] = [
  ...GRANT_PROPERTIES,
  ...SET_PROPERTIES,
  ...SCOPE_PROPERTIES,
  ...DECIDE_PROPERTIES,
];
