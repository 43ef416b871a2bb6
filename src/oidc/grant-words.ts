import type { Config } from '../config/index.ts';
import {
  PURPOSE_BREAK_GLASS,
  breaksGlass,
  heldBack,
  isResourceScope,
  parseScopeList,
  within,
} from '../smart/index.ts';
import { contextOnTheWire, type GrantedContext } from './granted-context.ts';
import { OIDC_SCOPES } from './scope-policy.ts';

const OWN: ReadonlySet<string> = new Set(OIDC_SCOPES);

/** A grant of ours as it is stored. */
interface OurGrant {
  readonly accountId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly smart?: GrantedContext;
}

/** What oidc-provider looks at when it asks for the scopes of a grant. */
interface ScopesOfGrant {
  readonly openid?: { scope: string };
  readonly resources?: Record<string, string>;
}

/** The scopes of a grant in oidc-provider's own words: OpenID's for the id token, all of them for the FHIR server's token. */
export function scopesOfGrant({ smart }: OurGrant): ScopesOfGrant {
  if (!smart) return {};
  const { scope, fhirBaseUrl } = smart;
  const own = scope.split(' ').filter((one) => OWN.has(one));
  return {
    ...(own.length === 0 ? {} : { openid: { scope: own.join(' ') } }),
    resources: { [fhirBaseUrl]: scope },
  };
}

/**
 * What stands beside a token of this grant, in its introspection or as claims of a JWT: the launch context (INT-04), whose
 * record the user has (INT-05), as whom they act where the patient is somebody else, what is held back, and what the feed of
 * revocations calls the grant.
 */
export function extraOfGrant(
  smart: GrantedContext | undefined,
  grantRef: string | undefined,
  config: Pick<Config, 'fhirServers'>,
): Record<string, unknown> {
  return {
    ...(smart ? contextOnTheWire(smart, config) : {}),
    ...(smart?.fhirUser === undefined ? {} : { fhirUser: smart.fhirUser }),
    ...(smart?.actsAs === undefined ? {} : { related_person: `${smart.fhirBaseUrl}/${smart.actsAs}` }),
    ...(smart ? residualOf(smart, config) : {}),
    ...(grantRef === undefined ? {} : { grant_ref: grantRef }),
  };
}

/**
 * What the person did not tick of sensitive kinds, for who answers with records (IHE PCF; SEC-12); from clinicians all of it
 * is held back where they can break the glass, until they do (IHE IUA).
 */
function residualOf(
  { fhirBaseUrl, scope, clinician }: GrantedContext,
  { fhirServers }: Pick<Config, 'fhirServers'>,
): { readonly extensions?: object } {
  const { sensitiveKinds: offered = [], breakGlass } =
    fhirServers.find(({ url }) => url === fhirBaseUrl) ?? {};
  if (breaksGlass(scope)) return { extensions: { ihe_iua: { purpose_of_use: [PURPOSE_BREAK_GLASS] } } };
  if ((clinician && !breakGlass) || offered.length === 0) return {};
  const securityLabel = heldBack(offered, scope.split(' '));
  if (securityLabel.length === 0) return {};
  return { extensions: { ihe_pcf: { residual: [{ type: 'forbid', securityLabel }] } } };
}

/** Of these scopes what the grant still gives, where its person took some of it back. */
export function boundByGrant(scope: string, { smart }: OurGrant): string {
  return smart?.narrowed ? within(smart.scope, scope.split(' ')).join(' ') : scope;
}

/** What is left of a grant of which no more than these scopes are: never what it has not, whoever chose when. */
export function leftOfGrant(
  chosen: string,
  { smart }: OurGrant,
): { scope: string; refreshes: boolean; gives: boolean } {
  const scope = within(smart?.scope ?? '', chosen.split(' ')).join(' ');
  const { scopes } = parseScopeList(scope);
  return {
    scope,
    refreshes: scopes.some(({ kind }) => kind === 'refresh'),
    gives: scopes.some(isResourceScope),
  };
}

/** The order in which oidc-provider writes scopes into codes and refresh tokens: so they say the same as their grant. */
export function ownFirst(scope: string): string {
  const all = scope.split(' ');
  return [...all.filter((one) => OWN.has(one)), ...all.filter((one) => !OWN.has(one))].join(' ');
}

/** What follows for a token from the grant it is made from. */
export function saidOfTokens(
  kind: string,
  grantId: string,
  { accountId, clientId, smart }: OurGrant,
  refOf: (grantId: string) => string,
  config: Pick<Config, 'fhirServers'>,
): Record<string, unknown> {
  if (!smart) return {};
  const { fhirBaseUrl, scope } = smart;
  const said = { kind, grantId, accountId, clientId, scope };
  if (kind !== 'AccessToken') return { ...said, resource: fhirBaseUrl };
  return { ...said, aud: fhirBaseUrl, extra: extraOfGrant(smart, refOf(grantId), config) };
}
