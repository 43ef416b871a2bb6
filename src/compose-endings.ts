import type { ClientRegistry } from './clients/index.ts';
import type { ComposedRecords } from './compose-records.ts';
import type { Config } from './config/index.ts';
import type { GrantSummary } from './consent/index.ts';
import type { AccountStore } from './identity/index.ts';
import type { Decision, Reason } from './records/index.ts';

const SCOPES = / +/;

/** Who ended access and why; without a reason an operator ended that one in particular. */
export interface Ending {
  readonly by: Decision['by'];
  readonly why?: Reason;
}

/** Writes down that a grant has ended, whether or not that can be done: what has ended stays so. Never throws. */
export type KeepEnding = (grant: GrantSummary, ending: Ending) => Promise<void>;

interface Parts {
  readonly config: Pick<Config, 'fhirServers'>;
  readonly clients: Pick<ClientRegistry, 'find'>;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly records: ComposedRecords;
  readonly log: { error(details: object, message: string): void };
}

/** Joins whatever ends grants with the records of that. Part of the composition root: see public-app.ts. */
export function composeEndings({ config, clients, accounts, records, log }: Parts): KeepEnding {
  const keep = async (grant: GrantSummary, { by, why }: Ending): Promise<void> => {
    const { accountId, clientId, patient, fhirBaseUrl, scope, reference, actsAs } = grant;
    // Backend services act for nobody.
    if (accountId === '') return;
    // Who signs out ends much that nobody was asked about.
    if (why === 'signed-out' && !(await records.archive.latestWith(accountId, reference))) return;
    const [client, account] = await Promise.all([
      clients.find(clientId).catch(() => undefined),
      accounts.find(accountId).catch(() => undefined),
    ]);
    const server = config.fhirServers.find(({ url }) => url === fhirBaseUrl);
    await records.records.keepIfPossible({
      ...{ kind: 'stopped', by, reference, kept: [], refused: scope.split(SCOPES).filter(Boolean) },
      ...(why === undefined ? {} : { why }),
      person: {
        accountId,
        name: account?.name ?? accountId,
        role: account?.role ?? 'practitioner',
        fhirUser: account?.fhirUser,
      },
      ...(actsAs === undefined ? {} : { actsAs: { fhirUser: actsAs } }),
      client: { id: clientId, name: client?.registration.client_name ?? clientId },
      fhirServer: { url: fhirBaseUrl, name: server?.name ?? fhirBaseUrl },
      ...(patient === undefined ? {} : { patient: { id: patient } }),
    });
  };
  return (grant, ending) =>
    keep(grant, ending).catch((error: unknown) =>
      log.error({ err: error, reference: grant.reference }, 'the end of a grant could not be recorded'),
    );
}
