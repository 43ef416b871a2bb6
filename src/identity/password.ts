import { argon2, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import phc from '@phc/format';

import { algorithmsFor, isFips, type PasswordScheme } from '../algorithms/index.ts';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { m: 19_456, t: 2, p: 1 } as const;
const ARGON2_VERSION = 19;
/** What OWASP asks of HMAC-SHA-256. */
const PBKDF2 = { i: 600_000 } as const;
/** Modules with FIPS 140-3 take no shorter password; nobody has one. */
const PBKDF2_LEAST = 8;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
export const MAX_PASSWORD_LENGTH = 128;

const deriveArgon2 = promisify(argon2);
const derivePbkdf2 = promisify(pbkdf2);

/** Hashes a password into a PHC string. Never trimmed, never cut: spaces and every character count. */
export async function hashPassword(
  password: string,
  scheme: PasswordScheme = algorithmsFor(isFips()).password,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  if (scheme === 'pbkdf2-sha256')
    return phc.serialize({
      id: scheme,
      params: { ...PBKDF2 },
      salt,
      hash: await pbkdf2Of(password, salt, PBKDF2),
    });
  const hash = await argon2Of(password, salt, ARGON2);
  return phc.serialize({ id: scheme, version: ARGON2_VERSION, params: { ...ARGON2 }, salt, hash });
}

/**
 * Does the password belong to the hash? Without a hash it takes as long and says no, so that the time does not tell
 * whether a user exists (attack row A075). In FIPS mode no argon2id hash is opened: its owner sets another password.
 */
export async function verifyPassword(
  hash: string | undefined,
  password: string,
  scheme: PasswordScheme = algorithmsFor(isFips()).password,
): Promise<boolean> {
  if (password.length > MAX_PASSWORD_LENGTH) return false;
  const isClosed = hash === undefined || (scheme === 'pbkdf2-sha256' && !hash.startsWith(`$${scheme}$`));
  const { id, params, salt, hash: expected } = phc.deserialize(isClosed ? await decoy(scheme) : hash);
  if (!params || !salt || !expected) return false;
  const read = (name: string): number => Number(params[name]);
  const actual =
    id === 'pbkdf2-sha256'
      ? await pbkdf2Of(password, salt, { i: read('i') })
      : await argon2Of(password, salt, { m: read('m'), t: read('t'), p: read('p') });
  return timingSafeEqual(actual, expected) && !isClosed;
}

async function argon2Of(
  password: string,
  salt: Uint8Array,
  { m, t, p }: { readonly m: number; readonly t: number; readonly p: number },
): Promise<Uint8Array> {
  return deriveArgon2('argon2id', {
    message: password,
    nonce: salt,
    parallelism: p,
    tagLength: HASH_BYTES,
    memory: m,
    passes: t,
  });
}

async function pbkdf2Of(
  password: string,
  salt: Uint8Array,
  { i }: { readonly i: number },
): Promise<Uint8Array> {
  return derivePbkdf2(password.padEnd(PBKDF2_LEAST, '\0'), salt, i, HASH_BYTES, 'sha256');
}

const decoys = new Map<PasswordScheme, Promise<string>>();

function decoy(scheme: PasswordScheme): Promise<string> {
  const made = decoys.get(scheme) ?? hashPassword(randomBytes(SALT_BYTES).toString('hex'), scheme);
  decoys.set(scheme, made);
  return made;
}
