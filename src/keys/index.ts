/**
 * Signing keys: made on first use, rotated next → active → retired, published while they matter. Does not sign;
 * oidc-provider and `records/` do, each with a set of its own. Called at start, by `gatehouse keys`, and by the watcher that notices a rotation.
 */
export { RECORD_ALGORITHMS, SIGNING_ALGORITHMS, type SigningAlgorithm } from '../algorithms/index.ts';
export {
  checkKeys,
  inSigningOrder,
  loadOrCreateKeys,
  rotateKeys,
  secondsUntilKnown,
  type SigningKey,
  type SigningKeySet,
  type SigningKeyStore,
} from './signing-keys.ts';
