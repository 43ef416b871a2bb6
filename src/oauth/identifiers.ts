/** A registered app, as it names itself on the wire (`client_id`). */
export type ClientId = string & { readonly __brand?: 'ClientId' };

/** What one user allowed one client in one launch: 22 base64url characters, 128 random bits. */
export type GrantId = string & { readonly __brand?: 'GrantId' };

/** The opaque `launch` value an EHR hands to an app (SMART App Launch 2.2.0, "EHR Launch"). */
export type LaunchId = string & { readonly __brand?: 'LaunchId' };

/** Who signs in (`sub` on the wire). Never the patient in context. */
export type AccountId = string & { readonly __brand?: 'AccountId' };

// No vowels, so no words; no 0/O or 1/l, so it survives being read out on the phone.
const READABLE = 'bcdfghjkmnpqrstvwxz23456789';

/**
 * A short reference that ties what a person saw to the log line that explains it, e.g. `kq7h-3mzt-9w2c`.
 *
 * @param random 12 random bytes; a parameter so that this file stays pure.
 */
export function newReferenceId(random: Uint8Array): string {
  const letters = Array.from(random, (byte) => READABLE[byte % READABLE.length]).join('');
  return [letters.slice(0, 4), letters.slice(4, 8), letters.slice(8, 12)].join('-');
}
