import type { Config, IdentityProviderConfig } from '../config/index.ts';

type Settings = Pick<Config, 'fhirServers' | 'signIn'>;

/** @param fhirServer id of the one that is asked for; absent: any */
export function providersFor(
  { signIn }: Pick<Config, 'signIn'>,
  fhirServer: string | undefined,
): readonly IdentityProviderConfig[] {
  return signIn.providers.filter(
    ({ fhirServers }) => fhirServer === undefined || (fhirServers?.includes(fhirServer) ?? true),
  );
}

/** Does a password of ours open this FHIR server, or any? */
export function takesPasswords({ fhirServers }: Settings, fhirServer: string | undefined): boolean {
  return fhirServers.some(
    ({ id, localPasswords }) => (fhirServer ?? id) === id && localPasswords === 'allowed',
  );
}

/** Whose address this is, where somebody typed one as a user name. */
export function providerOfAddress(
  providers: readonly IdentityProviderConfig[],
  typed: string,
): IdentityProviderConfig | undefined {
  const domain = typed.slice(typed.lastIndexOf('@') + 1).toLowerCase();
  return typed.includes('@')
    ? providers.find(({ emailDomains }) => emailDomains.includes(domain))
    : undefined;
}

/**
 * Is a session that began elsewhere good for this FHIR server? Only where people may sign in to it the same way.
 *
 * @param provider who signed the person in; absent: we did, with a password
 */
export function sessionCounts(config: Settings, fhirServer: string, provider: string | undefined): boolean {
  return provider === undefined
    ? takesPasswords(config, fhirServer)
    : providersFor(config, fhirServer).some(({ id }) => id === provider);
}
