import type { AuditRecord } from '../audit/index.ts';
import {
  AGENT,
  BREAK_GLASS_PURPOSE,
  ENTITY,
  RESTRICTED,
  ROLE,
  SUBTYPE,
  TYPE,
  interaction,
  own,
  type Coding,
} from './codes.ts';
import { outcomeOf } from './outcome.ts';
import {
  browserAgent,
  clientAgent,
  detailEntity,
  patientEntity,
  personAgent,
  requestEntity,
  serverAgent,
  type Said,
} from './parties.ts';
import { agentOf, type Agent, type Entity, type House, type OutcomeCode, type Shape } from './resource.ts';

type Of<Type extends AuditRecord['type']> = Extract<AuditRecord, { type: Type }>;

/** A wrong password is a small thing; who is locked, blocked or disabled is not. */
const SMALL = new Set(['wrong-credentials', 'unknown-user', 'wrong', 'failed', 'denied']);

export function sessionShape(record: Of<'sign-in' | 'sign-out'>, house: House): Shape {
  const said: Said = record;
  const refused: OutcomeCode = SMALL.has(said.reason ?? '') ? '4' : '8';
  const { provider } = record;
  const method = 'method' in record ? record.method : undefined;
  const subtype = record.type === 'sign-in' ? SUBTYPE.login : SUBTYPE.logout;
  return {
    ...{ type: TYPE.authentication, subtype: [subtype], action: 'E', ...outcomeOf(said, refused) },
    agent: [browserAgent(said, house), serverAgent(AGENT.source, house)],
    entity: [...requestEntity(said), ...detailEntity({ method, provider, clientId: said.clientId })],
  };
}

/** An event that no profile is for: who, what about whom, and all that the record says besides. */
export function plainShape(
  record: AuditRecord,
  house: House,
  {
    type,
    subtype = [],
    action = 'E',
    refused,
  }: {
    readonly type: Coding;
    readonly subtype?: readonly Coding[];
    readonly action?: Shape['action'];
    readonly refused?: OutcomeCode;
  },
): Shape {
  const said: Said = record;
  const user = personAgent(AGENT.human, said, house);
  const client = clientAgent(AGENT.application, said, house, !user && said.operator === undefined);
  const operator = said.operator === undefined ? undefined : operatorAgent(said.operator, house);
  const person = user && operator ? { ...user, requestor: false } : user;
  const agents = [operator, client, person].filter((one) => one !== undefined);
  return {
    ...{ type, subtype: [...subtype, own(record.type)], action, ...outcomeOf(said, refused) },
    // Nobody else did it: we did.
    agent: [...agents, { ...serverAgent(AGENT.source, house), requestor: agents.length === 0 }],
    entity: [...patientEntity(said), ...requestEntity(said), ...besides(record)],
  };
}

function operatorAgent(operator: string, { issuer }: House): Agent {
  const who = { identifier: { system: `${issuer}/operators`, value: operator } };
  return agentOf(AGENT.human, who, { requestor: true });
}

/** What was typed stands where readers look for a reason. */
export function breakGlassShape(record: Of<'break-glass' | 'break-glass.ended'>, house: House): Shape {
  const isStart = record.type === 'break-glass';
  const subtype = [isStart ? SUBTYPE.overrideStarted : SUBTYPE.overrideStopped];
  const shape = plainShape(record, house, { type: TYPE.alert, subtype, refused: '8' });
  return {
    ...shape,
    ...(isStart && record.why !== undefined ? { outcomeDesc: record.why } : {}),
    entity: shape.entity.map((one) =>
      one.role === ROLE.patient ? { ...one, securityLabel: [RESTRICTED] } : one,
    ),
    purposeOfEvent: [{ coding: [BREAK_GLASS_PURPOSE] }],
  };
}

const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  ...['type', 'outcome', 'recorded', 'timeSource', 'offsetMs', 'reason', 'reference', 'address'],
  ...['clientId', 'accountId', 'patient', 'why', 'operator'],
]);

function besides(record: AuditRecord): Entity[] {
  return detailEntity(
    Object.fromEntries(
      Object.entries<string | number | boolean>({ ...record }).filter(([name]) => !TOLD_ELSEWHERE.has(name)),
    ),
  );
}

export function activityShape(record: Of<'server.start' | 'server.stop'>, house: House): Shape {
  const subtype = record.type === 'server.start' ? SUBTYPE.start : SUBTYPE.stop;
  return {
    ...{ type: TYPE.activity, subtype: [subtype], action: 'E', ...outcomeOf(record) },
    agent: [{ ...serverAgent(AGENT.application, house), requestor: false }],
    entity: besides(record),
  };
}

export function logReadShape(record: Of<'audit.read'>, house: House): Shape {
  const operator = operatorAgent(record.operator ?? 'unknown', house);
  const { what, from, to } = record;
  const log = { identifier: { system: `${house.issuer}/audit`, value: 'log' }, display: 'audit log' };
  return {
    ...{ type: TYPE.logUsed, subtype: [own(record.type)], action: 'R', ...outcomeOf(record) },
    agent: [operator, serverAgent(AGENT.source, house)],
    entity: [
      { what: log, type: ENTITY.system, role: ROLE.securityResource },
      ...patientEntity(record),
      ...detailEntity({ what, from, to }),
    ],
  };
}

/** What a gateway let through, or did not, to a FHIR server. */
export function accessShape(record: Of<'fhir.access'>, house: House): Shape {
  const subtype = [interaction(record.interaction)];
  return plainShape(record, house, { type: TYPE.rest, subtype, action: ACTIONS[record.interaction] ?? 'E' });
}

const ACTIONS: Readonly<Record<string, Shape['action']>> = {
  ...{ create: 'C', read: 'R', vread: 'R', update: 'U', patch: 'U', delete: 'D' },
};
