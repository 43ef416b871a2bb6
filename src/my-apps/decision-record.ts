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
  const { clientId, patient, fhirBaseUrl, endsAt, reference } = grant;
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
    ...(endsAt === undefined || kind === 'stopped' ? {} : { until: endsAt }),
    ...(shown ? { shown: { html: shown.html, language: shown.language } } : {}),
  };
  await parts.records.keepIfPossible(decision);
}

export function scopesOf({ scope }: GrantSummary): string[] {
  return scope.split(' ').filter(Boolean);
}
