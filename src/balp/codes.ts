/** A code with the system it is from. */
export interface Coding {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const BALP = 'https://profiles.ihe.net/ITI/BALP';

const of =
  (system: string) =>
  (code: string, display?: string): Coding => ({
    ...{ system, code },
    ...(display === undefined ? {} : { display }),
  });

const dicom = of('http://dicom.nema.org/resources/ontology/DCM');
const iti = of('urn:ihe:event-type-code');
const userAgent = of(`${BALP}/CodeSystem/UserAgentTypes`);
const participation = of(`${TERMINOLOGY}/v3-ParticipationType`);

/** What no standard has a code for is named as in our own log. */
export const own = of('urn:gatehouse:audit-event-type');
export const interaction = of('http://hl7.org/fhir/restful-interaction');

export const TYPE = {
  activity: dicom('110100', 'Application Activity'),
  logUsed: dicom('110101', 'Audit Log Used'),
  alert: dicom('110113', 'Security Alert'),
  authentication: dicom('110114', 'User Authentication'),
  rest: of(`${TERMINOLOGY}/audit-event-type`)('rest', 'Restful Operation'),
} as const;

export const SUBTYPE = {
  start: dicom('110120', 'Application Start'),
  stop: dicom('110121', 'Application Stop'),
  login: dicom('110122', 'Login'),
  logout: dicom('110123', 'Logout'),
  overrideStarted: dicom('110127', 'Emergency Override Started'),
  overrideStopped: dicom('110138', 'Emergency Override Stopped'),
  configuration: dicom('110129', 'Security Configuration'),
  recordingStarted: dicom('110134', 'Audit Recording Started'),
  objectChanged: dicom('110135', 'Object Security Attributes Changed'),
  userChanged: dicom('110137', 'User Security Attributes Changed'),
  byConsent: of(`${BALP}/CodeSystem/AuthZsubType`)('AuthZ-Consent'),
  byRole: of(`${BALP}/CodeSystem/AuthZsubType`)('AuthZ-Role'),
  token: iti('ITI-71', 'Get Access Token'),
  introspect: iti('ITI-102', 'Introspect Token'),
} as const;

export const AGENT = {
  application: dicom('110150', 'Application'),
  destination: dicom('110152', 'Destination Role ID'),
  source: dicom('110153', 'Source Role ID'),
  authServer: of(`${TERMINOLOGY}/extra-security-role-type`)('authserver', 'authorization server'),
  author: participation('AUT', 'author (originator)'),
  custodian: of(`${TERMINOLOGY}/provenance-participant-type`)('custodian', 'Custodian'),
  human: of(`${TERMINOLOGY}/extra-security-role-type`)('humanuser', 'human user'),
  oauthService: userAgent('AuthzOauthService'),
  oauthUser: userAgent('UserOauthAgent'),
  provider: of(`${TERMINOLOGY}/v3-RoleClass`)('PROV', 'healthcare provider'),
  recipient: participation('IRCP', 'information recipient'),
} as const;

const entityType = of(`${TERMINOLOGY}/audit-entity-type`);
const role = of(`${TERMINOLOGY}/object-role`);

export const ENTITY = {
  person: entityType('1', 'Person'),
  system: entityType('2', 'System Object'),
  other: entityType('4', 'Other'),
  consent: of('http://hl7.org/fhir/resource-types')('Consent', 'Consent'),
  requestId: of(`${BALP}/CodeSystem/BasicAuditEntityType`)('XrequestId'),
  token: userAgent('UserOauthAgent'),
} as const;

export const ROLE = {
  patient: role('1', 'Patient'),
  domain: role('4', 'Domain Resource'),
  securityResource: role('13', 'Security Resource'),
  query: role('24', 'Query'),
} as const;

export const BREAK_GLASS_PURPOSE = of(`${TERMINOLOGY}/v3-ActReason`)('BTG', 'break the glass');
export const SECURITY_SERVER = of(`${TERMINOLOGY}/security-source-type`)('6', 'Security Server');
export const RESTRICTED = of(`${TERMINOLOGY}/v3-Confidentiality`)('R', 'restricted');

const profile = (name: string): string => `${BALP}/StructureDefinition/${name}`;

export const PROFILE = {
  authorization: profile('IHE.BasicAudit.AuthZconsent'),
  token: profile('IHE.IUA.71'),
  tokenUse: profile('IHE.BasicAudit.OAUTHaccessTokenUse.Minimal'),
  create: profile('IHE.BasicAudit.PatientCreate'),
  update: profile('IHE.BasicAudit.PatientUpdate'),
  delete: profile('IHE.BasicAudit.PatientDelete'),
} as const;
