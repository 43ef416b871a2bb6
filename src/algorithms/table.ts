/** How a new password is kept: OWASP's first choice, or the one that FIPS 140-3 has (SP 800-132). */
export type PasswordScheme = 'argon2id' | 'pbkdf2-sha256';

export interface Algorithms {
  readonly password: PasswordScheme;
  /** What new passkeys may be made with, by their COSE numbers; the best first. */
  readonly passkeys: readonly number[];
  /** What tokens of identity providers may be signed with. */
  readonly providers: readonly string[];
  /** May a key of ours at an identity provider be an Ed25519 one? */
  readonly mayUseEd25519: boolean;
}

const COSE = { EdDSA: -8, ES256: -7, RS256: -257 } as const;
const APPROVED = [...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'], ...['ES256', 'ES384', 'ES512']];

const USUAL: Algorithms = {
  password: 'argon2id',
  passkeys: [COSE.EdDSA, COSE.ES256, COSE.RS256],
  providers: [...APPROVED, 'EdDSA', 'Ed25519'],
  mayUseEd25519: true,
};

const FIPS: Algorithms = {
  password: 'pbkdf2-sha256',
  passkeys: [COSE.ES256, COSE.RS256],
  providers: APPROVED,
  mayUseEd25519: false,
};

export function algorithmsFor(fips: boolean): Algorithms {
  return fips ? FIPS : USUAL;
}
