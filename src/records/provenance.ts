import { consentOf, type Issue } from './consent.ts';
import type { Decision, DecisionKind } from './decision.ts';
import { versionOf, type Consent, type Provenance } from './resources.ts';
import {
  coded,
  organizationOf,
  patientReference,
  personOf,
  purposeOf,
  roleOf,
  serverOf,
  termed,
  type House,
} from './words.ts';

/** v3-DataOperation; what could not be carried out is no longer to be counted. */
const ACTIVITY: Readonly<Record<DecisionKind, string>> = {
  granted: 'CREATE',
  refused: 'CREATE',
  changed: 'UPDATE',
  stopped: 'DELETE',
  expired: 'DELETE',
  withdrawn: 'NULLIFY',
};
const SIGNATURE_TYPES = 'urn:iso-astm:E1762-95:2013';
/** What signing commits to, in the words of ASTM E1762: here that somebody consented. */
export const CONSENT_SIGNATURE = '1.2.840.10065.1.12.1.7';
const US_CORE_TYPES = 'http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type';
const STATIC_JSON = 'application/fhir+json;canonicalization=http://hl7.org/fhir/canonicalization/json#static';

/** A decision as both its resources, all but the signature's own bytes. */
export function drawUp(
  decision: Decision,
  house: House,
  issue: Issue & { readonly provenanceId: string },
): { readonly consent: Consent; readonly provenance: Provenance } {
  const consent = consentOf(decision, house, issue);
  return { consent, provenance: provenanceOf(decision, house, issue, consent) };
}

/** @see US Core Provenance; agents by their slices, and `assembler` for this server */
function provenanceOf(
  decision: Decision,
  house: House,
  { provenanceId, previous, at }: Issue & { readonly provenanceId: string },
  consent: Consent,
): Provenance {
  const [organization, server, person] = [organizationOf(house), serverOf(house), personOf(decision, house)];
  const purpose = purposeOf(decision);
  return {
    resourceType: 'Provenance',
    id: provenanceId,
    target: [{ reference: versionOf(consent) }],
    occurredDateTime: at,
    recorded: at,
    policy: [house.policyUri],
    ...(purpose ? { reason: [{ coding: purpose }] } : {}),
    activity: activityOf(decision, house),
    agent: [
      authorOf(decision, house),
      { type: coded(US_CORE_TYPES, 'transmitter', 'Transmitter'), who: organization },
      {
        type: termed('provenance-participant-type', 'assembler', 'Assembler'),
        who: server,
        onBehalfOf: organization,
      },
    ],
    ...(previous ? { entity: [{ role: 'revision', what: { reference: versionOf(previous) } }] } : {}),
    signature: [
      {
        type: [{ system: SIGNATURE_TYPES, code: CONSENT_SIGNATURE, display: 'Consent Signature' }],
        when: at,
        who: server,
        onBehalfOf: person,
        targetFormat: STATIC_JSON,
        sigFormat: 'application/jose',
      },
    ],
  };
}

/** HL7's codes know no expiry, so that and the other reasons stand beside them as codes of ours. */
function activityOf({ kind, why }: Decision, { issuer }: House) {
  const { coding } = termed('v3-DataOperation', ACTIVITY[kind]);
  const ours = why === undefined ? [] : [{ system: `${issuer}/fhir/CodeSystem/ended`, code: why }];
  return { coding: [...coding, ...ours] };
}

/**
 * Who is a Practitioner or a device acts for an organisation (provenance-1), a representative for the patient; an operator is
 * that organisation.
 */
function authorOf(decision: Decision, house: House) {
  const type = termed('provenance-participant-type', 'author', 'Author');
  if (decision.by === 'operator') return { type, who: organizationOf(house) };
  if (decision.by === 'system') return { type, who: serverOf(house), onBehalfOf: organizationOf(house) };
  const [role, patient] = [roleOf(decision), patientReference(decision)];
  if (decision.by === 'patient' && patient) return { type, who: patient };
  const who = personOf(decision, house);
  if (role && patient) return { type, role, who, onBehalfOf: patient };
  const isStaff = decision.person.role === 'practitioner';
  return { type, who, ...(isStaff ? { onBehalfOf: organizationOf(house) } : {}) };
}
