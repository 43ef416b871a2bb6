/**
 * Signing keys: made on first use, rotated next → active → retired, published while they matter. Does not sign;
 * oidc-provider does. Called at start, by `gatehouse keys`, and by the watcher that notices a rotation.
 */
export {
  SIGNING_ALGORITHMS,
  checkKeys,
  inSigningOrder,
  loadOrCreateKeys,
  rotateKeys,
  secondsUntilKnown,
  type SigningAlgorithm,
  type SigningKey,
  type SigningKeySet,
  type SigningKeyStore,
} from './signing-keys.ts';
