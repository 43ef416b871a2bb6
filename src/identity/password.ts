import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import phc from '@phc/format';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { m: 19_456, t: 2, p: 1 } as const;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const ARGON2_VERSION = 19;
export const MAX_PASSWORD_LENGTH = 128;

const derive = promisify(argon2);

/** Hashes a password into a PHC string. Never trimmed, never cut: spaces and every character count. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await argon2id(password, salt, PARAMETERS);
  return phc.serialize({ id: 'argon2id', version: ARGON2_VERSION, params: { ...PARAMETERS }, salt, hash });
}

/**
 * Does the password belong to the hash? Without a hash it takes as long and says no, so that the time does not tell
 * whether a user exists (attack row A075).
 */
export async function verifyPassword(hash: string | undefined, password: string): Promise<boolean> {
  if (password.length > MAX_PASSWORD_LENGTH) return false;
  const { params, salt, hash: expected } = phc.deserialize(hash ?? (await decoy()));
  if (!params || !salt || !expected) return false;
  const actual = await argon2id(password, salt, {
    m: Number(params['m']),
    t: Number(params['t']),
    p: Number(params['p']),
  });
  return timingSafeEqual(actual, expected) && hash !== undefined;
}

interface Argon2Parameters {
  readonly m: number;
  readonly t: number;
  readonly p: number;
}

async function argon2id(
  password: string,
  salt: Uint8Array,
  { m, t, p }: Argon2Parameters,
): Promise<Uint8Array> {
  return derive('argon2id', {
    message: password,
    nonce: salt,
    parallelism: p,
    tagLength: HASH_BYTES,
    memory: m,
    passes: t,
  });
}

let decoyHash: Promise<string> | undefined;

function decoy(): Promise<string> {
  decoyHash ??= hashPassword(randomBytes(SALT_BYTES).toString('hex'));
  return decoyHash;
}
