/** `modern`: TLS 1.3 alone. `compatible`: 1.2 as well. `fips`: both, with what FIPS 140-3 has. */
export const TLS_POLICIES = ['modern', 'compatible', 'fips'] as const;
export type TlsPolicy = (typeof TLS_POLICIES)[number];

/** In the words of `node:tls`. */
export interface TlsRules {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.3';
  readonly ciphers: string;
  /** The groups of the key exchange; `auto` leaves them to OpenSSL. */
  readonly ecdhCurve: string;
}

/** Forward secrecy and authenticated encryption (RFC 9325 §4.2), without and with ChaCha20. */
const TLS_1_3 = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'];
const TLS_1_3_CHACHA = ['TLS_CHACHA20_POLY1305_SHA256'];
const TLS_1_2 = [
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
];
const TLS_1_2_CHACHA = ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'];
/** No X25519, which is not approved; P-256 first, which costs least. */
const NIST_CURVES = 'P-256:P-384';

/** @param fips the process is in FIPS mode: whatever the policy, nothing else is offered */
export function tlsRulesFor(policy: TlsPolicy, fips: boolean): TlsRules {
  const isModern = policy === 'modern';
  const onlyApproved = fips || policy === 'fips';
  const suites = [
    ...TLS_1_3,
    ...(onlyApproved ? [] : TLS_1_3_CHACHA),
    ...(isModern ? [] : TLS_1_2),
    ...(isModern || onlyApproved ? [] : TLS_1_2_CHACHA),
  ];
  return {
    minVersion: isModern ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: suites.join(':'),
    ecdhCurve: onlyApproved ? NIST_CURVES : 'auto',
  };
}
