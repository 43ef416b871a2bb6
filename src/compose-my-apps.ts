import { setTimeout as delay } from 'node:timers/promises';

import { grantWords, type ProtocolParts } from './compose-provider.ts';
import { referenceFor } from './http/index.ts';
import { createBreachLookup } from './identity/index.ts';
import type { Directory } from './interaction/index.ts';
import { myAppsRoutes, type MyAppsParts } from './my-apps/index.ts';
import { SIGN_OUT_PATH } from './oidc/index.ts';
import {
  createGrantIndex,
  createGrantList,
  createGrantNarrowing,
  createSessionEnd,
  createSessionList,
} from './store/index.ts';

const NAME_WAIT_MS = 1000;

type Shared = Pick<
  MyAppsParts,
  | 'accounts'
  | 'records'
  | 'memory'
  | 'throttle'
  | 'usage'
  | 'usernameHash'
  | 'sessions'
  | 'providers'
  | 'factors'
  | 'mayMail'
  | 'secondStep'
  | 'oneTime'
  | 'mailed'
  | 'waitForReset'
> & {
  readonly directory: (fhirBaseUrl: string) => Directory;
  readonly grantTtlSeconds: number;
};

/** Joins the pages where people stop apps with store and FHIR server. Part of the composition root: see public-app.ts. */
export function composeMyApps(
  { config, clients, audit, clock, pages, vault, log, logout, keepEnding }: ProtocolParts,
  { directory, grantTtlSeconds, ...shared }: Shared,
): ReturnType<typeof myAppsRoutes> {
  const grantList = createGrantList(vault);
  const words = grantWords(config, vault.keys);
  const grants = createGrantIndex(vault.driver, grantTtlSeconds);
  const { breachedPasswordsUrl: url } = config.signIn;
  const onFailure = (error: unknown): void =>
    log.warn({ err: error }, 'the list of breached passwords was not asked');
  return myAppsRoutes({
    ...{ config, clients, audit, clock, brandName: config.name, ...shared },
    grantsOf: (accountId) => grantList({ accountId }),
    grantsFor: async (fhirUser) => {
      const [type, id] = fhirUser.split('/');
      if (type !== 'Patient' || id === undefined) return [];
      const lists = config.fhirServers.map(({ url }) => grantList({ fhirBaseUrl: url, patient: id }));
      return (await Promise.all(lists)).flat();
    },
    end: (grantId) => grants.revoke(grantId),
    keepStoppedByPatient: (grant) => keepEnding(grant, { by: 'patient', why: 'patient-stopped' }),
    sessionList: createSessionList(
      vault,
      createSessionEnd(vault, grants, {
        told: logout.tell,
        grantEnded: (grant) => void keepEnding(grant, { by: 'person', why: 'signed-out' }),
      }),
    ),
    sessionRef: (id) => vault.keys.keyedHash('session-uid', id),
    ...(url === undefined ? {} : { isBreached: createBreachLookup({ url, onFailure }) }),
    narrow: createGrantNarrowing({ vault, words, deadTtlSeconds: grantTtlSeconds }),
    patientName: async (fhirBaseUrl, id) => {
      const read = directory(fhirBaseUrl)
        .readPatient(id)
        .catch(() => undefined);
      // Nobody waits for a name before they can stop an app.
      return (await Promise.race([read, delay(NAME_WAIT_MS, undefined, { ref: false })]))?.name;
    },
    text: (ctx, page, data) => pages.text(ctx, page, { ...data }),
    render: (ctx, page, data, status) => pages.render(ctx, page, { ...data }, status),
    formSecret: (session) => vault.keys.keyedHash('form', `my-apps ${session}`),
    referenceOf: (ctx) => referenceFor(ctx),
    signOutPath: SIGN_OUT_PATH,
  });
}
