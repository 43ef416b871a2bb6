import { isIP } from 'node:net';

import { organizationOf, serverOf } from '../records/index.ts';
import { AGENT, ENTITY, ROLE, type Coding } from './codes.ts';
import { agentOf, type Agent, type Entity, type House, type Reference } from './resource.ts';

/** What most events share, read with one type: members that an event does not have are absent. */
export interface Said {
  readonly type: string;
  readonly outcome: 'success' | 'refused' | 'denied' | 'failure';
  readonly reason?: string;
  readonly reference?: string;
  readonly address?: string;
  readonly clientId?: string;
  readonly accountId?: string;
  readonly usernameHash?: string;
  readonly fhirServer?: string;
  readonly patient?: string;
  readonly scope?: string;
  readonly tokenHash?: string;
  readonly operator?: string;
}

export const clientRef = (clientId: string, { issuer }: House): Reference => ({
  type: 'Device',
  identifier: { system: `${issuer}/clients`, value: clientId },
});

function personRef({ accountId, usernameHash }: Said, { issuer }: House): Reference | undefined {
  if (accountId) return { identifier: { system: `${issuer}/accounts`, value: accountId } };
  // Whoever typed it may have typed a password: never in the clear.
  if (usernameHash !== undefined)
    return { identifier: { system: `${issuer}/username-hashes`, value: usernameHash } };
  return undefined;
}

const networkAt = (address: string): NonNullable<Agent['network']> => ({
  address,
  type: isIP(address) === 0 ? '1' : '2',
});

const fromOf = ({ address }: Said): Pick<Agent, 'network'> =>
  address ? { network: networkAt(address) } : {};

/** The app that asked; `undefined` where the event names none. */
export function clientAgent(type: Coding, said: Said, house: House, requestor = false): Agent | undefined {
  if (!said.clientId) return undefined;
  return agentOf(type, clientRef(said.clientId, house), { requestor, ...fromOf(said) });
}

/** This server. */
export function serverAgent(type: Coding, house: House): Agent {
  return agentOf(type, serverOf(house), { network: networkAt(new URL(house.issuer).hostname) });
}

export const authorizerAgent = (house: House): Agent => agentOf(AGENT.authServer, serverOf(house));

export const organizationAgent = (house: House): Agent => agentOf(AGENT.provider, organizationOf(house));

export function personAgent(type: Coding, said: Said, house: House): Agent | undefined {
  const who = personRef(said, house);
  return who && agentOf(type, who, { requestor: true });
}

/** Where the person themselves is at the browser. */
export function browserAgent(said: Said, house: House): Agent {
  return agentOf(AGENT.human, personRef(said, house), { requestor: true, ...fromOf(said) });
}

export const tokenUrn = (tokenHash: string): string => `urn:ietf:params:oauth:jti:${tokenHash}`;

export function patientEntity({ patient, fhirServer }: Said): Entity[] {
  if (!patient) return [];
  const id = `Patient/${patient}`;
  const reference = fhirServer ? `${fhirServer}/${id}` : id;
  return [{ what: { reference, type: 'Patient' }, type: ENTITY.person, role: ROLE.patient }];
}

/** The Consent of the decision, by the reference that its record carries. */
export const consentRef = (reference: string, { issuer }: House): Reference => ({
  type: 'Consent',
  identifier: { system: `${issuer}/references`, value: reference },
});

export function requestEntity({ reference }: Said): Entity[] {
  return reference ? [{ what: { identifier: { value: reference } }, type: ENTITY.requestId }] : [];
}

type Member = string | number | boolean | undefined;

/** What a record says besides, one member a line; in the order of the record. */
export function detailEntity(members: Readonly<Record<string, Member>>): Entity[] {
  const detail = Object.entries(members).flatMap(([type, value]) =>
    value === undefined || value === '' ? [] : [{ type, valueString: String(value) }],
  );
  return detail.length > 0 ? [{ type: ENTITY.other, detail }] : [];
}
