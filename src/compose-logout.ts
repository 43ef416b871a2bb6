import type { AuditRecorder } from './audit/index.ts';
import { createClientHosts, type ClientRegistry, type Lookup } from './clients/index.ts';
import type { Config } from './config/index.ts';
import type { SigningKeySet } from './keys/index.ts';
import { createLogoutTeller, type LogoutTeller } from './logout/index.ts';
import type { Clock } from './oauth/index.ts';
import { createAppsOfSessions, type Vault } from './store/index.ts';

interface Parts {
  readonly config: Pick<Config, 'issuer' | 'clientKeys'>;
  readonly vault: Vault;
  readonly clients: ClientRegistry;
  readonly audit: AuditRecorder;
  readonly log: { warn(details: object, message: string): void };
  readonly clock: Clock;
  readonly signingKeys: () => SigningKeySet | Promise<SigningKeySet>;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** See {@link createLogoutTeller}. */
  readonly waitsMs?: readonly number[] | undefined;
}

/** Joins what tells apps of a sign-out with store, keys and clients: for the server (app.ts) and for the command line. */
export function composeLogout({ config, vault, lookup, waitsMs, ...shared }: Parts): LogoutTeller {
  return createLogoutTeller({
    ...shared,
    issuer: config.issuer,
    hosts: createClientHosts(config.issuer, config.clientKeys.allowPrivate),
    apps: createAppsOfSessions(vault),
    ...(lookup ? { lookup } : {}),
    ...(waitsMs ? { waitsMs } : {}),
  });
}
