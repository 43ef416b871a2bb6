import { createHash, getFips, setFips } from 'node:crypto';

import type { Config } from '../config/index.ts';
import { UserError } from './explain.ts';

/** sysexits.h, EX_CONFIG: another try would end the same way. */
export const EX_CONFIG = 78;

/** What OpenSSL of this process can be asked. */
export interface OpenSsl {
  getFips(): number;
  setFips(isOn: boolean): void;
  /** @throws Error where that hash is not to be had */
  hash(algorithm: string): unknown;
}

const OPENSSL: OpenSsl = { getFips, setFips, hash: (name) => createHash(name).digest() };

export type FipsMode =
  | { readonly ok: true; readonly isOn: boolean; readonly warning?: string }
  | { readonly ok: false; readonly code: 'no-fips'; readonly description: string };

const HOW =
  'configure an OpenSSL FIPS provider (OPENSSL_CONF, and node --force-fips), or set fips to prefer or off';

/** Turns FIPS mode on where it is wanted; says what came of it. */
export function enterFips(wanted: Config['fips'], openssl: OpenSsl = OPENSSL): FipsMode {
  const isOn = (): boolean => openssl.getFips() === 1 && hasProvider(openssl);
  if (wanted === 'off' || isOn()) return { ok: true, isOn: isOn() };
  try {
    openssl.setFips(true);
    if (isOn()) return { ok: true, isOn: true };
    // Without a provider nothing at all would work now.
    openssl.setFips(false);
  } catch {
    // It cannot be turned on.
  }
  const description = `fips is ${wanted}, and OpenSSL of this Node.js (${process.versions.openssl}) is not in FIPS mode; ${HOW}`;
  return wanted === 'required'
    ? { ok: false, code: 'no-fips', description }
    : { ok: true, isOn: false, warning: description };
}

/** FIPS mode can be turned on without a provider for it: then there is no hash at all. With one there is no MD5. */
function hasProvider(openssl: OpenSsl): boolean {
  const has = (name: string): boolean => {
    try {
      openssl.hash(name);
      return true;
    } catch {
      return false;
    }
  };
  return has('sha256') && !has('md5');
}

/**
 * Before anything is served: FIPS mode as it is wanted, and nobody who has switched off that certificates are checked.
 *
 * @throws UserError with what to do; the process ends with 78
 */
export function guardCrypto(
  { fips }: Pick<Config, 'fips'>,
  log: { warn(message: string): void },
  openssl?: OpenSsl,
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  const mode = enterFips(fips, openssl);
  const problem = mode.ok ? unsafeEnvironment(env) : mode.description;
  if (problem !== undefined) {
    process.exitCode = EX_CONFIG;
    throw new UserError(problem);
  }
  if (mode.ok && mode.warning !== undefined) log.warn(mode.warning);
}

function unsafeEnvironment(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return undefined;
  return (
    'NODE_TLS_REJECT_UNAUTHORIZED=0 would have us trust anybody who calls himself Redis, FHIR server or mail server; ' +
    'take it away, and name your own authority in NODE_EXTRA_CA_CERTS'
  );
}
