import { createHash } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import { z } from 'zod';

const MANIFEST = 'manifest.json';
const SIGNATURE = 'manifest.jws';
const ALGORITHMS = ['ES256', 'ES384'];

/** The key that signs the audit log now. */
export interface BundleKey {
  readonly kid: string;
  readonly alg: string;
  /** Private. */
  readonly jwk: JWK;
}

/** What it is about: this software, as it was built. */
export interface Product {
  readonly name: string;
  readonly version: string;
  /** Of the source it was built from, where that is known. */
  readonly commit?: string;
}

/** A file of the bundle. `fixed`: the same, to the byte, for one version and one configuration. */
export interface Bundled {
  readonly name: string;
  readonly content: string;
  readonly fixed: boolean;
}

const manifest = z.strictObject({
  version: z.literal(1),
  product: z.strictObject({ name: z.string(), version: z.string(), commit: z.string().optional() }),
  issuer: z.string(),
  /** UTC. */
  at: z.string(),
  files: z.array(z.strictObject({ name: z.string(), sha256: z.string(), fixed: z.boolean() })),
});

/** The files with their manifest, and its signature: a compact JWS over that file's bytes. */
export async function sealBundle(
  files: readonly Bundled[],
  { product, issuer, at }: { readonly product: Product; readonly issuer: string; readonly at: string },
  { kid, alg, jwk }: BundleKey,
): Promise<readonly Pick<Bundled, 'name' | 'content'>[]> {
  const listed = files
    .map(({ name, content, fixed }) => ({ name, sha256: sha256(content), fixed }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const text = `${JSON.stringify({ version: 1, product, issuer, at, files: listed }, null, 2)}\n`;
  const jws = await new CompactSign(Buffer.from(text))
    .setProtectedHeader({ alg, kid })
    .sign(await importJWK(jwk, alg));
  return [...files, { name: MANIFEST, content: text }, { name: SIGNATURE, content: `${jws}\n` }];
}

export type BundleReport =
  | { readonly ok: true; readonly files: number; readonly at: string; readonly kid: string }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Is a bundle as it was made?
 *
 * @param names all files that are there: one more than were made is a problem, too
 * @param read the text of a file of it; `undefined`: there is none
 * @param keys public halves of all keys that may have signed
 */
export async function checkBundle(
  names: readonly string[],
  read: (name: string) => Promise<string | undefined>,
  keys: readonly JWK[],
): Promise<BundleReport> {
  const [text, jws = ''] = [await read(MANIFEST), (await read(SIGNATURE))?.trim()];
  if (text === undefined) return { ok: false, problems: [`there is no ${MANIFEST}`] };
  const kid = await signerOf(jws, text, keys);
  if (kid === undefined)
    return { ok: false, problems: [`${SIGNATURE} is not over this manifest, or its key is not known`] };
  const { files, at } = manifest.parse(JSON.parse(text));
  const found = await Promise.all(
    files.map(async ({ name, sha256: expected }) => {
      const content = await read(name);
      if (content === undefined) return `${name} is not there`;
      return sha256(content) === expected ? undefined : `${name} was changed`;
    }),
  );
  const listed = new Set([MANIFEST, SIGNATURE, ...files.map(({ name }) => name)]);
  const strange = names.filter((name) => !listed.has(name)).map((name) => `${name} was put in`);
  const problems = [...found.filter((problem) => problem !== undefined), ...strange];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, files: files.length, at, kid };
}

async function signerOf(jws: string, text: string, keys: readonly JWK[]): Promise<string | undefined> {
  try {
    const { kid, alg = '' } = decodeProtectedHeader(jws);
    const key = keys.find((one) => one.kid === kid && one.alg === alg);
    if (!key) return undefined;
    const { payload } = await compactVerify(jws, await importJWK(key, alg), { algorithms: ALGORITHMS });
    return Buffer.from(payload).equals(Buffer.from(text)) ? kid : undefined;
  } catch {
    return undefined;
  }
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
