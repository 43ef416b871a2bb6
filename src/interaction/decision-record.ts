import type { Account } from '../identity/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import type { Decision, ShownPage } from '../records/index.ts';
import type { InteractionParts } from './parts.ts';
import { showProblem } from './problems.ts';
import type { Visit } from './visit.ts';

interface Decided {
  readonly kept: readonly string[];
  readonly refused: readonly string[];
  readonly patient?: { readonly id: string; readonly name?: string };
  readonly until?: EpochSeconds;
  readonly page?: ShownPage | undefined;
}

/** What somebody decided on the consent screen, for the record. */
export function decisionOf(
  kind: 'granted' | 'refused',
  { reference, client, fhirServer }: Visit,
  { accountId, name, role, fhirUser }: Account,
  { page, ...decided }: Decided,
): Decision {
  return {
    ...{ kind, reference, by: 'person', ...decided },
    person: { accountId, name, role, fhirUser },
    client: { id: client.client_id, name: client.client_name },
    fhirServer: { url: fhirServer.url, name: fhirServer.name },
    ...(page ? { shown: { html: page.html, language: page.language } } : {}),
  };
}

/** @returns `false`, with a page that says so, when it could not be kept: then there is no grant either */
export async function isKept(decision: Decision, visit: Visit, parts: InteractionParts): Promise<boolean> {
  try {
    await parts.records.keep(decision);
    return true;
  } catch {
    showProblem(visit.ctx, 'not-recorded', parts, {
      status: 503,
      restartHref: `/interaction/${visit.pending.uid}`,
    });
    return false;
  }
}

/** With the name that the page gives this patient. */
export function patientOn({ data }: ShownPage, id: string): { readonly id: string; readonly name?: string } {
  const { patient = {} } = data as { readonly patient?: { readonly name?: string } };
  return { id, ...(patient.name === undefined ? {} : { name: patient.name }) };
}
