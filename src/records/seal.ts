import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';

import { CONSENT_SIGNATURE } from './provenance.ts';
import type { Consent, Provenance } from './resources.ts';

/** The key that signs records now. */
export interface RecordKey {
  readonly kid: string;
  readonly alg: string;
  /** Private. */
  readonly jwk: JWK;
}

export type Edited = 'consent' | 'provenance' | 'signature';
export type SealVerdict =
  { readonly ok: true } | { readonly ok: false; readonly problem: Edited | 'unknown-key' };

const ALGORITHMS = ['ES256', 'ES384'];

/**
 * Signs both resources together: the Provenance names the version of the Consent, so neither can be put beside another one.
 * The JWS is detached, and commits to what the signature's type says (JAdES `srCms`). Digests of the two stand in its
 * header, so that one who finds it broken can say which of them was edited.
 */
export async function seal(consent: Consent, provenance: Provenance, key: RecordKey): Promise<Provenance> {
  const [signature, ...others] = provenance.signature;
  if (!signature) throw new TypeError('a provenance of ours has a place for its signature');
  const jws = await new CompactSign(Buffer.from(signedText(consent, provenance)))
    .setProtectedHeader({
      alg: key.alg,
      kid: key.kid,
      iat: Math.floor(Date.parse(signature.when) / 1000),
      srCms: [{ commId: { id: `urn:oid:${CONSENT_SIGNATURE}` } }],
      sha256: digestsOf(consent, provenance),
    })
    .sign(await importJWK(key.jwk, key.alg));
  const [header = '', , proof = ''] = jws.split('.');
  const data = Buffer.from(`${header}..${proof}`).toString('base64');
  return { ...provenance, signature: [{ ...signature, data }, ...others] };
}

/** Is this what was signed, by one of these keys? Order of members, white space, `meta` and `text` are nobody's meaning. */
export async function checkSeal(
  consent: Consent,
  provenance: Provenance,
  keys: readonly JWK[],
): Promise<SealVerdict> {
  const data = provenance.signature[0]?.data ?? '';
  const [header = '', payload, proof = ''] = Buffer.from(data, 'base64').toString().split('.');
  const claimed = headerOf(header);
  if (!claimed || payload !== '' || !isWrittenOneWay(data, [header, proof]))
    return { ok: false, problem: 'signature' };
  const key = keys.find(({ kid, alg }) => kid === claimed.kid && alg === claimed.alg);
  if (!key || !ALGORITHMS.includes(claimed.alg)) return { ok: false, problem: 'unknown-key' };
  const signed = Buffer.from(signedText(consent, provenance)).toString('base64url');
  try {
    await compactVerify(`${header}.${signed}.${proof}`, await importJWK(key, claimed.alg), {
      algorithms: ALGORITHMS,
    });
    return { ok: true };
  } catch {
    return { ok: false, problem: editedOf(claimed.sha256, digestsOf(consent, provenance)) };
  }
}

/** Base64 has spare bits at its end, which could be edited and nobody would see. */
function isWrittenOneWay(data: string, [header = '', proof = '']: readonly string[]): boolean {
  return (
    Buffer.from(`${header}..${proof}`).toString('base64') === data &&
    [header, proof].every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  );
}

function headerOf(header: string): { kid: string; alg: string; sha256: unknown } | undefined {
  try {
    const { kid = '', alg = '', sha256 } = decodeProtectedHeader(`${header}..`);
    return { kid, alg, sha256 };
  } catch {
    return undefined;
  }
}

/** Not proved, where the signature is broken: it says where to look. */
function editedOf(claimed: unknown, [consent, provenance]: readonly string[]): Edited {
  if (!Array.isArray(claimed)) return 'signature';
  if (claimed[0] !== consent) return 'consent';
  return claimed[1] === provenance ? 'signature' : 'provenance';
}

function signedText(consent: Consent, provenance: Provenance): string {
  const resources = [consent, unsigned(provenance)].map((resource) => ({ resource: still(resource) }));
  return canonical({ resourceType: 'Bundle', type: 'collection', entry: resources });
}

function digestsOf(consent: Consent, provenance: Provenance): string[] {
  return [consent, unsigned(provenance)].map((resource) =>
    createHash('sha256')
      .update(canonical(still(resource)))
      .digest('base64url'),
  );
}

function unsigned(provenance: Provenance): Provenance {
  return { ...provenance, signature: provenance.signature.map(({ data: _data, ...rest }) => rest) };
}

/** `#static`: what a server that passes it on may change is not signed. */
function still({ meta: _meta, text: _text, ...resource }: Consent | Provenance): object {
  return resource;
}

/** RFC 8785, which is FHIR's canonical JSON and says how numbers are written. */
function canonical(value: object): string {
  return canonicalize(value) ?? '';
}
