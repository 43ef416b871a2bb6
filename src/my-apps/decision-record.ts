import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import { languageOf } from '../language/index.ts';
import type { Decision, Shown } from '../records/index.ts';
import { serverNameOf } from './grants.ts';
import type { MyAppsParts } from './parts.ts';
import type { Person } from './person.ts';

interface Decided {
  readonly kept: readonly string[];
  readonly refused: readonly string[];
  readonly shown?: Shown;
}

/** Writes down what somebody took back, after it has ended: taking back never waits for its record. */
export async function recordDecision(
  ctx: Context,
  kind: 'changed' | 'stopped',
  { account }: Person,
  grant: GrantSummary,
  { shown, ...decided }: Decided,
  parts: MyAppsParts,
): Promise<void> {
  const { clientId, patient, fhirBaseUrl, reference, actsAs } = grant;
  const until = kind === 'stopped' ? undefined : endOf(grant, decided.kept);
  const { accountId, name, role, fhirUser } = account;
  const [client, patientName] = await Promise.all([
    parts.clients.find(clientId).catch(() => undefined),
    patient === undefined ? undefined : parts.patientName(fhirBaseUrl, patient),
  ]);
  const decision: Decision = {
    ...{ kind, reference, by: 'person', ...decided },
    person: { accountId, name, role, fhirUser },
    client: { id: clientId, name: client?.registration.client_name ?? clientId },
    fhirServer: { url: fhirBaseUrl, name: serverNameOf(grant, parts, languageOf(ctx)) },
    ...(patient === undefined
      ? {}
      : { patient: { id: patient, ...(patientName === undefined ? {} : { name: patientName }) } }),
    ...(actsAs === undefined ? {} : { actsAs: { fhirUser: actsAs } }),
    ...(until === undefined ? {} : { until }),
    ...(shown ? { shown: { html: shown.html, language: shown.language } } : {}),
  };
  await parts.records.keepIfPossible(decision);
}

/** `undefined`: when the app does not come back any more. */
function endOf({ endsAt, expiresAt }: GrantSummary, kept: readonly string[]): number | undefined {
  const comesBack = kept.includes('offline_access') || kept.includes('online_access');
  return comesBack ? endsAt : Math.min(endsAt ?? Infinity, expiresAt);
}

export function scopesOf({ scope }: GrantSummary): string[] {
  return scope.split(' ').filter(Boolean);
}
