import Router from '@koa/router';
import type { Context } from 'koa';

import { CLIENT_ALGORITHMS } from '../algorithms/index.ts';
import { basePathOf, sharedBasePaths, type Config } from '../config/index.ts';
import {
  US_CORE_TYPES,
  isAtLeast,
  smartConfiguration,
  usCoreScopes,
  type Features,
  type SmartConfiguration,
  type SmartVersion,
} from '../smart/index.ts';
import { AUTH_METHODS, ROUTES } from './configuration.ts';
import { introspectScope } from './bearer-introspection.ts';
import { launchScope } from './launch-endpoint.ts';
import { answerOpenPreflight, openToAll } from './open-documents.ts';
import type { StyleDocument } from './style.ts';

/** What this build does, whatever is mounted. A feature that is not built is false, and so is never advertised. */
const FEATURES: Omit<Features, 'style'> = {
  ehrLaunch: true,
  standaloneLaunch: true,
  authorizePost: true,
  publicClients: true,
  symmetricClients: true,
  asymmetricClients: true,
  openidConnect: true,
  patientBanner: true,
  encounterPicker: true,
  onlineAccess: true,
};

const LEVELS = ['patient', 'user', 'system'] as const;
const CACHE_SECONDS = 300;

/** Discovery for apps: what is at `[fhir-base]/.well-known/smart-configuration`. */
function smartConfigurationOf(
  issuer: string,
  version: SmartVersion,
  style: boolean,
  managementPath: string,
): SmartConfiguration {
  return smartConfiguration({
    version,
    endpoints: {
      issuer,
      authorization: issuer + ROUTES.authorization,
      token: issuer + ROUTES.token,
      jwks: issuer + ROUTES.jwks,
      introspection: issuer + ROUTES.introspection,
      revocation: issuer + ROUTES.revocation,
      management: issuer + managementPath,
    },
    features: { ...FEATURES, style },
    authMethods: AUTH_METHODS.filter((method) => method !== 'none'),
    signingAlgorithms: CLIENT_ALGORITHMS,
    scopes: [
      ...['openid', 'fhirUser', 'profile', 'launch', 'launch/patient', 'launch/encounter'],
      ...['offline_access', 'online_access'],
      ...(isAtLeast(version, '2.0.0') ? RESOURCE_SCOPES : V1_RESOURCE_SCOPES),
      launchScope(issuer),
      introspectScope(issuer),
    ],
  });
}

const RESOURCE_SCOPES: readonly string[] = [
  ...LEVELS.flatMap((level) => ['rs', 'cruds', 'read', 'write'].map((suffix) => `${level}/*.${suffix}`)),
  ...usCoreScopes(LEVELS),
  ...(['patient', 'user'] as const).flatMap((level) => US_CORE_TYPES.map((type) => `${level}/${type}.read`)),
];

/** In the words of 1.0.0, which has neither `system/` nor parts of a type (V1-01, V1-09). */
const V1_RESOURCE_SCOPES: readonly string[] = (['patient', 'user'] as const).flatMap((level) => [
  ...['read', 'write', '*'].map((suffix) => `${level}/*.${suffix}`),
  ...US_CORE_TYPES.map((type) => `${level}/${type}.read`),
]);

/**
 * Serves the document of each FHIR server twice: under the path of its base URL, for a proxy that hands that path to us,
 * and under `/fhir-servers/<id>/`, for a FHIR server that fetches it to serve it itself. A path that several have is nobody's:
 * the first one's document there would tell apps of the others another version and other capabilities.
 *
 * @param style the style document that is mounted beside it, if one is
 * @param managementPath where people see and stop what they allowed
 */
export function discoveryRoutes(
  { issuer, fhirServers }: Pick<Config, 'issuer' | 'fhirServers'>,
  style: StyleDocument | undefined,
  managementPath: string,
): Router {
  const router = new Router();
  const answer = (document: SmartConfiguration) => (ctx: Context) => {
    openToAll(ctx);
    ctx.set('Cache-Control', `public, max-age=${CACHE_SECONDS}`);
    ctx.body = document;
    ctx.type = 'application/json';
  };
  const shared = sharedBasePaths(fhirServers);
  for (const { id, url, smartVersion } of fhirServers) {
    const document = smartConfigurationOf(issuer, smartVersion, style !== undefined, managementPath);
    const base = basePathOf({ url });
    for (const path of new Set([`/fhir-servers/${id}`, ...(shared.has(base) ? [] : [base])])) {
      router.get(`${path}/.well-known/smart-configuration`, answer(document));
      router.options(`${path}/.well-known/smart-configuration`, answerOpenPreflight);
    }
  }
  return router;
}
