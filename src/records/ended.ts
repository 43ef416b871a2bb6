import type { AccountId, ClientId } from '../oauth/index.ts';
import type { Decision, Reason } from './decision.ts';
import type { Consent, KeptRecord } from './resources.ts';
import { scopesIn } from './words.ts';

const FHIR_PERSON = /[^/]+\/[^/]+$/;

/** Has the access that this record is about ended already? Then nothing ends it a second time. */
export function isOver({ status }: Pick<Consent, 'status'>): boolean {
  return status === 'inactive' || status === 'entered-in-error';
}

/** That access ran out, drawn from the record of what gave it: of the grant nothing is left by then. */
export function expiryOf({ consent, provenance }: KeptRecord, accountId: AccountId): Decision {
  const { provision, patient, organization, performer, identifier } = consent;
  const custodian = organization.at(-1);
  const url = custodian?.identifier?.value ?? '';
  const client = provision.actor[0]?.reference;
  const clientId = (client?.identifier.value ?? '') as ClientId;
  const patientId = patient?.reference?.split('/').at(-1);
  const fhirUser = performer[0]?.reference === undefined ? null : FHIR_PERSON.exec(performer[0].reference);
  const isPatient = 'reason' in provenance;
  return {
    ...{ kind: 'expired', by: 'system', why: 'expiry' satisfies Reason },
    reference: identifier[0]?.value ?? '',
    person: {
      accountId,
      name: performer[0]?.display ?? accountId,
      role: isPatient ? 'patient' : 'practitioner',
      ...(fhirUser ? { fhirUser: fhirUser[0] } : {}),
    },
    client: { id: clientId, name: client?.display ?? clientId },
    fhirServer: { url, name: custodian?.display ?? url },
    ...(patientId === undefined
      ? {}
      : { patient: { id: patientId, ...(patient?.display === undefined ? {} : { name: patient.display }) } }),
    kept: [],
    refused: provision.type === 'permit' ? scopesIn(provision.extension) : [],
  };
}
