import type { AuditRecord } from '../audit/index.ts';
import { AGENT, ENTITY, PROFILE, ROLE, SUBTYPE, TYPE, own } from './codes.ts';
import { outcomeOf } from './outcome.ts';
import {
  clientAgent,
  clientRef,
  detailEntity,
  patientEntity,
  personAgent,
  requestEntity,
  serverAgent,
  tokenUrn,
  type Said,
} from './parties.ts';
import { agentOf, type Agent, type House, type Shape } from './resource.ts';

type Of<Type extends AuditRecord['type']> = Extract<AuditRecord, { type: Type }>;
type TokenRecord = Of<
  'token.issued' | 'token.withdrawn' | 'token.repeated' | 'token.refused' | 'token.reuse'
>;

/** What was asked, as a form: never a code, a token, a verifier or a proof of who the client is. */
function requestOf(record: TokenRecord): string {
  const said: Said = record;
  const form = new URLSearchParams();
  if ('grantType' in record && record.grantType !== undefined) form.set('grant_type', record.grantType);
  if (said.clientId) form.set('client_id', said.clientId);
  if (said.scope) form.set('scope', said.scope);
  if (said.fhirServer) form.set('resource', said.fhirServer);
  return Buffer.from(`POST /token\n\n${form}`).toString('base64');
}

function agentsOf(record: TokenRecord | Of<'token.introspected'>, house: House): (Agent | undefined)[] {
  const said: Said = record;
  const user = personAgent(AGENT.recipient, said, house);
  const policy = said.tokenHash === undefined ? {} : { policy: [tokenUrn(said.tokenHash)] };
  // Where nobody is signed in the app asks for itself, and the token is its own.
  const client = clientAgent(AGENT.application, said, house, !user);
  return [
    client && (user ? client : { ...client, ...policy }),
    serverAgent(AGENT.oauthService, house),
    user && { ...user, ...policy },
  ];
}

export function tokenShape(record: TokenRecord, house: House): Shape {
  const said: Said = record;
  const agent = agentsOf(record, house).filter((one) => one !== undefined);
  const isIssued = record.type === 'token.issued';
  const fits = isIssued && said.clientId !== undefined && agent[0]?.network !== undefined;
  const request = { type: ENTITY.system, role: ROLE.query, query: requestOf(record) };
  return {
    ...(fits ? { profile: PROFILE.token } : {}),
    type: record.type === 'token.reuse' ? TYPE.alert : TYPE.authentication,
    subtype: isIssued ? [SUBTYPE.token] : [SUBTYPE.token, own(record.type)],
    ...{ action: 'E', ...outcomeOf(said, record.type === 'token.reuse' ? '8' : '4') },
    agent,
    entity: isIssued ? [request] : [request, ...patientEntity(said), ...requestEntity(said)],
  };
}

/** One token is one use of it, as BALP has it; many together are counted. */
export function introspectionShape(record: Of<'token.introspected'>, house: House): Shape {
  const said: Said = record;
  const { resourceServer, tokenHash, active, count, since } = record;
  const asked = resourceServer && agentOf(AGENT.application, clientRef(resourceServer, house));
  const use =
    tokenHash !== undefined &&
    agentOf(AGENT.oauthUser, undefined, { requestor: true, policy: [tokenUrn(tokenHash)] });
  return {
    ...(use ? { profile: PROFILE.tokenUse } : {}),
    ...{ type: TYPE.authentication, subtype: [SUBTYPE.introspect, own(record.type)], action: 'E' },
    ...outcomeOf(said),
    agent: [
      ...(asked ? [{ ...asked, requestor: !use }] : []),
      serverAgent(AGENT.oauthService, house),
      ...(use ? [use] : []),
    ],
    entity: [
      ...patientEntity(said),
      ...requestEntity(said),
      ...detailEntity({ active, clientId: said.clientId, count, since }),
    ],
  };
}
