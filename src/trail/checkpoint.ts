import { CompactSign, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import { z } from 'zod';

/** The key that signs checkpoints now. */
export interface TrailKey {
  readonly kid: string;
  readonly alg: string;
  /** Private. */
  readonly jwk: JWK;
}

const payload = z.strictObject({
  chain: z.string(),
  /** Of the checkpoint's own line. */
  seq: z.number().int().min(1),
  /** Hash of the line before it, and by that of all before. */
  prev: z.string(),
  /** ISO 8601, UTC, with milliseconds. */
  at: z.string(),
  /** What each line since the checkpoint before says, one after another, twelve characters each; of many, of the last. */
  contents: z.string(),
  /** The first line since the checkpoint before, where {@link contents} begins later. */
  since: z.number().int().min(0).optional(),
  /** Nothing follows: the process stopped as it should. */
  last: z.literal(true).optional(),
});
export type Checkpoint = z.output<typeof payload>;

const ALGORITHMS = ['ES256', 'ES384'];

/** A compact JWS. */
export async function signCheckpoint(checkpoint: Checkpoint, { kid, alg, jwk }: TrailKey): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(checkpoint)))
    .setProtectedHeader({ alg, kid })
    .sign(await importJWK(jwk, alg));
}

export type ReadCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly kid: string }
  | { readonly ok: false; readonly problem: 'bad-signature' | 'unknown-key' };

/** What a checkpoint says, where one of these keys signed it. */
export async function readCheckpoint(jws: string, keys: readonly JWK[]): Promise<ReadCheckpoint> {
  if (!isWrittenOneWay(jws)) return { ok: false, problem: 'bad-signature' };
  try {
    const { kid, alg = '' } = decodeProtectedHeader(jws);
    const key = keys.find((one) => one.kid === kid && one.alg === alg);
    if (!key) return { ok: false, problem: 'unknown-key' };
    const signed = await compactVerify(jws, await importJWK(key, alg), { algorithms: ALGORITHMS });
    const checkpoint = payload.parse(JSON.parse(new TextDecoder().decode(signed.payload)));
    return { ok: true, checkpoint, kid: key.kid ?? '' };
  } catch {
    return { ok: false, problem: 'bad-signature' };
  }
}

/** Base64 has spare bits at its end, which could be changed and nobody would see. */
function isWrittenOneWay(jws: string): boolean {
  return jws.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}
