/** Whether people of a role need a second factor. `off`: never asked for; `optional`: whoever has one is asked. */
export const MFA_RULES = ['off', 'optional', 'required'] as const;
export type MfaRule = (typeof MFA_RULES)[number];
