/**
 * What the profiles of IHE Basic Audit Log Patterns 1.1.4 ask for, as data: read from their StructureDefinitions
 * (https://profiles.ihe.net/ITI/BALP). Codes are written `system|code`.
 */
export interface Slice {
  readonly name: string;
  /** What the discriminator may be. */
  readonly codes: readonly string[];
  readonly min: number;
  readonly max: number;
  readonly needs?: readonly string[];
  readonly forbids?: readonly string[];
  readonly requestor?: boolean;
  /** The code of the other of `type` and `role`. */
  readonly also?: string;
}

export interface Sliced {
  readonly by: 'type' | 'role';
  readonly closed: boolean;
  readonly min: number;
  readonly max: number;
  readonly slices: readonly Slice[];
}

export interface Profile {
  readonly type?: string;
  readonly subtype?: { readonly has: string; readonly max: number };
  readonly action?: string;
  readonly outcome?: readonly string[];
  readonly agent: Sliced;
  readonly entity?: Sliced;
  /** val-audit-source: who authorized is who recorded it. */
  readonly authorizerIsObserver?: true;
}

const MANY = Infinity;
const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const UAT = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes';
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const AET = `${TERMINOLOGY}/audit-entity-type`;
const ROLE = `${TERMINOLOGY}/object-role`;
const PARTICIPATION = `${TERMINOLOGY}/v3-ParticipationType`;
const PROFILES = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition';

const NOT_OF_A_CLIENT = ['role', 'altId', 'name', 'location', 'media', 'purposeOfUse'];
const NOT_OF_A_USER = ['altId', 'media', 'network'];
const patient: Slice = {
  ...{ name: 'patient', codes: [`${AET}|1`], also: `${ROLE}|1`, min: 1, max: 1, needs: ['what'] },
};

/** Create, Update and Delete differ in their codes alone. */
function change(code: string, action: string, client: string, server: string): Profile {
  const one = { min: 1, max: 1, needs: ['who', 'network'], forbids: ['media'] };
  return {
    type: `${TERMINOLOGY}/audit-event-type|rest`,
    subtype: { has: `http://hl7.org/fhir/restful-interaction|${code}`, max: MANY },
    action,
    outcome: ['0'],
    agent: {
      ...{ by: 'type', closed: false, min: 2, max: MANY },
      slices: [
        { name: 'client', codes: [client], ...one },
        { name: 'server', codes: [server], ...one },
        {
          name: 'user',
          codes: ['AUT', 'INF', 'CST'].map((role) => `${PARTICIPATION}|${role}`),
          ...{ min: 0, max: 1, needs: ['who'], forbids: ['media', 'network'], requestor: true },
        },
      ],
    },
    entity: {
      ...{ by: 'type', closed: false, min: 2, max: MANY },
      slices: [
        patient,
        { name: 'data', codes: [`${AET}|2`], also: `${ROLE}|4`, min: 1, max: 1, needs: ['what'] },
        {
          name: 'transaction',
          codes: ['https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType|XrequestId'],
          ...{ min: 0, max: 1, needs: ['what.identifier.value'] },
        },
      ],
    },
  };
}

export const BALP_PROFILES: Readonly<Record<string, Profile>> = {
  [`${PROFILES}/IHE.BasicAudit.AuthZconsent`]: {
    type: `${DCM}|110113`,
    subtype: { has: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType|AuthZ-Consent', max: 1 },
    action: 'E',
    outcome: ['0', '4', '8', '12'],
    authorizerIsObserver: true,
    agent: {
      ...{ by: 'type', closed: false, min: 2, max: MANY },
      slices: [
        {
          ...{ name: 'client', codes: [`${DCM}|110150`], min: 1, max: 1 },
          ...{ needs: ['who', 'network'], forbids: NOT_OF_A_CLIENT },
        },
        {
          ...{ name: 'user', codes: [`${PARTICIPATION}|IRCP`], min: 1, max: 1, requestor: true },
          ...{ needs: ['who'], forbids: [...NOT_OF_A_USER, 'location'] },
        },
        {
          ...{ name: 'userorg', codes: [`${TERMINOLOGY}/v3-RoleClass|PROV`], min: 1, max: 1, needs: ['who'] },
          ...{ requestor: false, forbids: [...NOT_OF_A_USER, 'role', 'name', 'location', 'policy'] },
        },
        {
          ...{ name: 'authorizer', codes: [`${TERMINOLOGY}/extra-security-role-type|authserver`] },
          ...{ min: 1, max: 1, needs: ['who'], requestor: false },
          forbids: [...NOT_OF_A_USER, 'role', 'name', 'location', 'policy', 'purposeOfUse'],
        },
      ],
    },
    entity: {
      ...{ by: 'type', closed: true, min: 2, max: MANY },
      slices: [
        patient,
        {
          ...{ name: 'consent', codes: ['http://hl7.org/fhir/resource-types|Consent'] },
          ...{ min: 1, max: MANY, needs: ['what'] },
        },
        {
          ...{ name: 'token', codes: [`${UAT}|UserOauthAgent`], min: 0, max: 1 },
          needs: ['what.identifier.value'],
        },
      ],
    },
  },
  [`${PROFILES}/IHE.IUA.71`]: {
    type: `${DCM}|110114`,
    subtype: { has: 'urn:ihe:event-type-code|ITI-71', max: 1 },
    action: 'E',
    outcome: ['0'],
    agent: {
      ...{ by: 'type', closed: true, min: 2, max: 3 },
      slices: [
        {
          ...{ name: 'client', codes: [`${DCM}|110150`], min: 1, max: 1 },
          ...{ needs: ['who', 'network'], forbids: ['media'] },
        },
        {
          ...{ name: 'auth-server', codes: [`${UAT}|AuthzOauthService`], min: 1, max: 1 },
          ...{ needs: ['who', 'network'], forbids: ['media'] },
        },
        {
          ...{ name: 'user', codes: [`${PARTICIPATION}|IRCP`], min: 0, max: 1 },
          ...{ needs: ['who'], forbids: NOT_OF_A_USER, requestor: true },
        },
      ],
    },
    entity: {
      ...{ by: 'role', closed: true, min: 1, max: 1 },
      slices: [
        {
          ...{ name: 'token-request', codes: [`${ROLE}|24`], also: `${AET}|2`, min: 1, max: 1 },
          ...{ needs: ['query'], forbids: ['what'] },
        },
      ],
    },
  },
  [`${PROFILES}/IHE.BasicAudit.OAUTHaccessTokenUse.Minimal`]: {
    agent: {
      ...{ by: 'type', closed: false, min: 1, max: MANY },
      slices: [
        {
          ...{ name: 'oUser', codes: [`${UAT}|UserOauthAgent`], min: 1, max: MANY, requestor: true },
          ...{ needs: ['policy'], forbids: ['media', 'network'] },
        },
      ],
    },
  },
  [`${PROFILES}/IHE.BasicAudit.PatientCreate`]: change('create', 'C', `${DCM}|110153`, `${DCM}|110152`),
  [`${PROFILES}/IHE.BasicAudit.PatientUpdate`]: change('update', 'U', `${DCM}|110153`, `${DCM}|110152`),
  [`${PROFILES}/IHE.BasicAudit.PatientDelete`]: change(
    ...(['delete', 'D', `${DCM}|110150`] as const),
    `${TERMINOLOGY}/provenance-participant-type|custodian`,
  ),
};
