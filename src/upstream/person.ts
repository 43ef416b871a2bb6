import type { IdentityProviderConfig } from '../config/index.ts';
import { newAccount, type Role } from '../identity/index.ts';
import type { Claims } from './relying-party.ts';

/** What a provider says of a person, in our words. Absent: it says nothing. */
export interface SaidOfPerson {
  readonly username?: string;
  readonly name?: string;
  readonly role?: Role;
  /** It has a claim for the role, and no value of it is one of ours. */
  readonly hasNoRole: boolean;
  readonly fhirUser?: string;
  readonly identifier?: { readonly system: string; readonly value: string };
}

const { username, name, fhirUser } = newAccount.shape;

/** @param fhirBaseUrls below which a `fhirUser` may be written out */
export function personOf(
  { claims: names }: Pick<IdentityProviderConfig, 'claims'>,
  claims: Claims,
  fhirBaseUrls: readonly string[],
): SaidOfPerson {
  const said = (schema: typeof name, claim: string): string | undefined =>
    schema.safeParse(claims[claim]).data;
  const roles = valuesOf(claims, names.role?.claim);
  const [, role] = Object.entries(names.role?.values ?? {}).find(([value]) => roles.includes(value)) ?? [];
  const reference = relative(claims[names.fhirUser], fhirBaseUrls);
  const [number] = valuesOf(claims, names.identifier?.claim);
  const person = fhirUser.safeParse(reference).data;
  const called = { username: said(username, names.username), name: said(name, names.name) };
  return {
    ...(called.username === undefined ? {} : { username: called.username }),
    ...(called.name === undefined ? {} : { name: called.name }),
    ...(role === undefined ? {} : { role }),
    hasNoRole: names.role !== undefined && role === undefined,
    ...(person === undefined ? {} : { fhirUser: person }),
    ...(names.identifier && number !== undefined
      ? { identifier: { system: names.identifier.system, value: number } }
      : {}),
  };
}

/** A claim may be one value or a list of them. */
function valuesOf(claims: Claims, name: string | undefined): readonly string[] {
  const value = name === undefined ? undefined : claims[name];
  return [value].flat().flatMap((one) => (['string', 'number'].includes(typeof one) ? [String(one)] : []));
}

function relative(reference: unknown, fhirBaseUrls: readonly string[]): unknown {
  if (typeof reference !== 'string') return undefined;
  const base = fhirBaseUrls.find((url) => reference.startsWith(`${url}/`));
  return base === undefined ? reference : reference.slice(base.length + 1);
}
