import Router from '@koa/router';
import type { Context } from 'koa';

import type { Config } from '../config/index.ts';
import { smartConfiguration, usCoreScopes, type Features, type SmartConfiguration } from '../smart/index.ts';
import { AUTH_METHODS, ROUTES, SIGNING_ALGORITHMS } from './configuration.ts';
import { introspectScope } from './bearer-introspection.ts';
import { launchScope } from './launch-endpoint.ts';

/** What this build does. A feature that is not built is false, and so is never advertised. */
const FEATURES: Features = {
  ehrLaunch: true,
  standaloneLaunch: true,
  authorizePost: true,
  publicClients: true,
  symmetricClients: true,
  asymmetricClients: true,
  openidConnect: true,
  patientBanner: true,
  style: true,
  encounterPicker: true,
  onlineAccess: true,
};

const LEVELS = ['patient', 'user', 'system'] as const;
const CACHE_SECONDS = 300;

/** Discovery for apps: what is at `[fhir-base]/.well-known/smart-configuration`. */
function smartConfigurationOf(issuer: string): SmartConfiguration {
  return smartConfiguration({
    endpoints: {
      issuer,
      authorization: issuer + ROUTES.authorization,
      token: issuer + ROUTES.token,
      jwks: issuer + ROUTES.jwks,
      introspection: issuer + ROUTES.introspection,
      revocation: issuer + ROUTES.revocation,
    },
    features: FEATURES,
    authMethods: AUTH_METHODS.filter((method) => method !== 'none'),
    signingAlgorithms: SIGNING_ALGORITHMS,
    scopes: [
      ...['openid', 'fhirUser', 'profile', 'launch', 'launch/patient', 'launch/encounter'],
      ...['offline_access', 'online_access'],
      ...LEVELS.flatMap((level) => [
        `${level}/*.rs`,
        `${level}/*.cruds`,
        `${level}/*.read`,
        `${level}/*.write`,
      ]),
      ...usCoreScopes(LEVELS),
      launchScope(issuer),
      introspectScope(issuer),
    ],
  });
}

/**
 * Serves the document of each FHIR server twice: under the path of its base URL, for a proxy that hands that path to us,
 * and under `/fhir-servers/<id>/`, for a FHIR server that fetches it to serve it itself.
 */
export function discoveryRoutes({ issuer, fhirServers }: Pick<Config, 'issuer' | 'fhirServers'>): Router {
  const router = new Router();
  const document = smartConfigurationOf(issuer);
  const answer = (ctx: Context): void => {
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('Cache-Control', `public, max-age=${CACHE_SECONDS}`);
    ctx.body = document;
    ctx.type = 'application/json';
  };
  for (const { id, url } of fhirServers) {
    const base = new URL(url).pathname.replace(/\/$/, '');
    for (const path of new Set([`/fhir-servers/${id}`, base])) {
      router.get(`${path}/.well-known/smart-configuration`, answer);
    }
  }
  return router;
}
