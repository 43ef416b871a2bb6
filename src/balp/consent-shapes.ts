import type { AuditRecord } from '../audit/index.ts';
import { AGENT, ENTITY, PROFILE, ROLE, SUBTYPE, TYPE, interaction, own, type Coding } from './codes.ts';
import { outcomeOf } from './outcome.ts';
import {
  authorizerAgent,
  clientAgent,
  consentRef,
  organizationAgent,
  patientEntity,
  personAgent,
  requestEntity,
  serverAgent,
  tokenUrn,
  type Said,
} from './parties.ts';
import type { Agent, Entity, House, Shape } from './resource.ts';

type Consent = Extract<AuditRecord, { type: 'consent' }>;
type Narrowed = Extract<AuditRecord, { type: 'consent.narrowed' }>;
type Revoked = Extract<AuditRecord, { type: 'token.revoked' }>;

const present = (agents: readonly (Agent | undefined)[]): Agent[] =>
  agents.filter((one) => one !== undefined);

/** A decision, permit or deny; and where the person made it just now, the Consent that came to be. */
export function consentShapes(record: Consent, house: House): Shape[] {
  const recorded = record.outcome === 'success' && record.basis === 'asked';
  return [
    decisionShape(record, house),
    ...(recorded ? changeShape('create', record, record.reference, house) : []),
  ];
}

/** The closed slices of AuthZconsent, where all of them can be filled; else a decision by role alone, without a profile. */
function decisionShape(record: Consent, house: House): Shape {
  const said: Said = record;
  const client = clientAgent(AGENT.application, said, house);
  const user = personAgent(AGENT.recipient, said, house);
  const patient = patientEntity(said);
  const isWhole = client?.network && user && patient.length > 0 && record.reference !== undefined;
  const consent: Entity[] = record.reference
    ? [{ what: consentRef(record.reference, house), type: ENTITY.consent }]
    : [];
  const agents = isWhole
    ? [client, user, organizationAgent(house), authorizerAgent(house)]
    : [client, user, authorizerAgent(house)];
  return {
    ...(isWhole ? { profile: PROFILE.authorization } : {}),
    ...{ type: TYPE.alert, subtype: [isWhole ? SUBTYPE.byConsent : SUBTYPE.byRole], action: 'E' },
    // A deny is a serious failure to BALP, whoever said it.
    outcome: record.outcome === 'success' ? '0' : '8',
    outcomeDesc: record.outcome === 'success' ? record.scope : (record.reason ?? record.outcome),
    agent: present(agents),
    entity: isWhole ? [...patient, ...consent] : patient,
  };
}

export function narrowedShapes(record: Narrowed, house: House): Shape[] {
  const changed = changeShape('update', record, record.consent ?? record.reference, house);
  return changed.length > 0 ? changed : [plainChange(record, house)];
}

/** What somebody took back is also a Consent that is active no more. */
export function revokedShapes(record: Revoked, house: House): Shape[] {
  return [plainChange(record, house), ...changeShape('delete', record, record.consent, house)];
}

function plainChange(record: Narrowed | Revoked, house: House): Shape {
  const said: Said = record;
  return {
    ...{ type: TYPE.authentication, subtype: [own(record.type)], action: 'E', ...outcomeOf(said) },
    agent: present([
      clientAgent(AGENT.application, said, house, !said.accountId),
      personAgent(AGENT.recipient, said, house),
      serverAgent(AGENT.oauthService, house),
    ]),
    entity: [
      ...patientEntity(said),
      ...requestEntity(said),
      ...(said.tokenHash === undefined
        ? []
        : [{ what: { identifier: { value: tokenUrn(said.tokenHash) } }, type: ENTITY.token }]),
    ],
  };
}

interface Change {
  readonly profile: string;
  readonly action: Shape['action'];
  readonly client: Coding;
  readonly server: Coding;
}

const CHANGES: Readonly<Record<'create' | 'update' | 'delete', Change>> = {
  create: { profile: PROFILE.create, action: 'C', client: AGENT.source, server: AGENT.destination },
  update: { profile: PROFILE.update, action: 'U', client: AGENT.source, server: AGENT.destination },
  delete: { profile: PROFILE.delete, action: 'D', client: AGENT.application, server: AGENT.custodian },
};

/** None where the profile asks for more than is known. */
function changeShape(
  what: keyof typeof CHANGES,
  record: Consent | Narrowed | Revoked,
  reference: string | undefined,
  house: House,
): Shape[] {
  const said: Said = record;
  const { profile, action, client: clientType, server } = CHANGES[what];
  const client = clientAgent(clientType, said, house);
  const patient = patientEntity(said);
  if (said.outcome !== 'success' || !client?.network || patient.length === 0 || reference === undefined)
    return [];
  const data = { what: consentRef(reference, house), type: ENTITY.system, role: ROLE.domain };
  return [
    {
      ...{ profile, type: TYPE.rest, subtype: [interaction(what), own(record.type)], action, outcome: '0' },
      agent: present([client, serverAgent(server, house), personAgent(AGENT.author, said, house)]),
      entity: [data, ...patient, ...requestEntity(said)],
    },
  ];
}
