/**
 * Which algorithms are used, with FIPS 140-3 and without (SEC-6): for signing, passwords, passkeys and TLS. One pure table that
 * keys, identity, sign-in elsewhere and listeners read; it does nothing with them. Only {@link isFips} looks at the process.
 */
import { getFips } from 'node:crypto';

export { algorithmsFor, type Algorithms, type PasswordScheme } from './table.ts';
export {
  CLIENT_ALGORITHMS,
  RECORD_ALGORITHMS,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
} from './signing.ts';
export { TLS_POLICIES, tlsRulesFor, type TlsPolicy, type TlsRules } from './tls.ts';

/** Does OpenSSL of this process take approved algorithms only? */
export function isFips(): boolean {
  return getFips() === 1;
}
