import { createHash } from 'node:crypto';

import {
  covers,
  isResourceScope,
  labelsOf,
  parseScope,
  parseScopeList,
  sensitiveKindOf,
} from '../smart/index.ts';
import type { Decision, DecisionKind, Shown } from './decision.ts';
import type { Consent } from './resources.ts';
import {
  coded,
  organizationOf,
  patientReference,
  personOf,
  purposeOf,
  scopesAsExtensions,
  termed,
  type House,
} from './words.ts';

const STATUS: Readonly<Record<DecisionKind, Consent['status']>> = {
  granted: 'active',
  changed: 'active',
  refused: 'rejected',
  stopped: 'inactive',
  expired: 'inactive',
  withdrawn: 'entered-in-error',
};
/** Goes up when the words of the pages change what is asked. */
const TEXT_VERSION = '1';

/** Which version of which Consent comes about, and what it follows. */
export interface Issue {
  readonly id: string;
  readonly versionId: string;
  readonly previous?: Consent;
  /** ISO 8601, UTC, with milliseconds. */
  readonly at: string;
}

/**
 * The decision as a FHIR R4 Consent (IHE PCF). `action`, `class` and `code` are not PCF's, so scopes are extensions: those the
 * app keeps at the provision, those it does not get at the one within.
 *
 * Without a patient in context there is no `patient` (0..1 in R4), and the scope is none of HL7's: `patient-privacy` would
 * ask for one (ppc-2).
 *
 * @see https://hl7.org/fhir/R4/consent.html
 */
export function consentOf(decision: Decision, house: House, { id, versionId, previous, at }: Issue): Consent {
  const { kind, reference, client, fhirServer, shown } = decision;
  const source = shown ? attachmentOf(shown, at) : previous?.sourceAttachment;
  const whose = patientReference(decision);
  const custodian = {
    display: fhirServer.name,
    identifier: { system: 'urn:ietf:rfc:3986', value: fhirServer.url },
  };
  return {
    resourceType: 'Consent',
    id,
    meta: { versionId, lastUpdated: at },
    identifier: [{ system: `${house.issuer}/references`, value: reference }],
    status: STATUS[kind],
    scope: whose
      ? termed('consentscope', 'patient-privacy', 'Privacy Consent')
      : { text: 'Access of an app to what its user may see, of no patient in particular' },
    category: [coded('http://loinc.org', '59284-0', 'Consent Document')],
    ...(whose ? { patient: whose } : {}),
    dateTime: at,
    performer: [personOf(decision, house)],
    organization: [organizationOf(house), { type: 'Organization', ...custodian }],
    ...(source ? { sourceAttachment: source } : {}),
    policy: [{ authority: house.issuer, uri: house.policyUri }],
    provision: provisionOf(decision, house, at, client),
  };
}

function provisionOf(
  decision: Decision,
  house: House,
  at: string,
  client: Decision['client'],
): Consent['provision'] {
  const { kept, until } = decision;
  const refused = withoutExceptions(kept, decision.refused);
  const purpose = purposeOf(decision);
  const isPermit = kept.length > 0;
  const held = refused.flatMap((scope) => sensitiveKindOf(scope) ?? []).flatMap(labelsOf);
  const denied = {
    extension: scopesAsExtensions(refused, house),
    ...(held.length > 0 ? { securityLabel: held } : {}),
  };
  return {
    ...(isPermit ? { extension: scopesAsExtensions(kept, house) } : denied),
    type: isPermit ? 'permit' : 'deny',
    period: { start: at, ...(until === undefined ? {} : { end: new Date(until * 1000).toISOString() }) },
    actor: [
      {
        role: termed('v3-ParticipationType', 'IRCP', 'information recipient'),
        reference: {
          type: 'Device',
          identifier: { system: `${house.issuer}/clients`, value: client.id },
          display: client.name,
        },
      },
    ],
    ...(purpose ? { purpose } : {}),
    ...(isPermit && refused.length > 0 ? { provision: [{ ...denied, type: 'deny' }] } : {}),
  };
}

/**
 * A deny inside a permit is an exception from it (FHIR R4, Consent.provision): a whole of which a part is kept does not stand
 * there. What was asked for as a whole is on the page that is kept with it.
 */
function withoutExceptions(kept: readonly string[], refused: readonly string[]): readonly string[] {
  const permitted = parseScopeList(kept.join(' ')).scopes.filter(isResourceScope);
  return refused.filter((text) => {
    const parsed = parseScope(text);
    if (!parsed.ok || !isResourceScope(parsed.scope)) return true;
    const { scope } = parsed;
    return !permitted.some((one) => covers(scope, one));
  });
}

/** SHA-1 is what an Attachment's `hash` is in R4; what proves the text is the signature over all of it. */
function attachmentOf({ html, language }: Shown, at: string): NonNullable<Consent['sourceAttachment']> {
  const bytes = Buffer.from(html);
  return {
    contentType: 'text/html;charset=utf-8',
    language,
    data: bytes.toString('base64'),
    size: bytes.byteLength,
    hash: createHash('sha1').update(bytes).digest('base64'),
    title: `The page as it was shown, text version ${TEXT_VERSION}`,
    creation: at,
  };
}
