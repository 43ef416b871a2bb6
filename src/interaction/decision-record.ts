import type { Account } from '../identity/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import type { Decision, ShownPage } from '../records/index.ts';
import { standingIn } from './acting-for.ts';
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
  visit: Visit,
  account: Account,
  { page, ...decided }: Decided,
): Decision {
  const { reference, client, fhirServer } = visit;
  const { accountId, name, role, fhirUser } = account;
  const standing = decided.patient ? standingIn(visit, account) : undefined;
  return {
    ...{ kind, reference, by: 'person', ...decided },
    person: { accountId, name, role, fhirUser },
    ...(standing ? { actsAs: { fhirUser: standing.actsAs, basis: standing.basis } } : {}),
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
