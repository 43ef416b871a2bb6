import { coded, serverOf } from '../records/index.ts';
import { RESTRICTED, SECURITY_SERVER, type Coding } from './codes.ts';
import type { Placed } from './placed.ts';
import { uuidOf } from './uuid.ts';

/** Who runs this server: its issuer, and the organisation as people read it. */
export interface House {
  readonly issuer: string;
  readonly name: string;
}

/** `0` it happened, `4` it was refused for a small reason, `8` it was refused, `12` something broke. */
export type OutcomeCode = '0' | '4' | '8' | '12';

export interface Reference {
  readonly reference?: string;
  readonly type?: string;
  readonly identifier?: { readonly system?: string; readonly value: string };
  readonly display?: string;
}

export interface Agent {
  readonly type: { readonly coding: readonly Coding[] };
  readonly who?: Reference;
  readonly requestor: boolean;
  readonly policy?: readonly string[];
  readonly network?: { readonly address: string; readonly type: '1' | '2' | '5' };
  readonly purposeOfUse?: readonly { readonly coding: readonly Coding[] }[];
}

export interface Entity {
  readonly what?: Reference;
  readonly type: Coding;
  readonly role?: Coding;
  readonly description?: string;
  /** Base64. */
  readonly query?: string;
  readonly securityLabel?: readonly Coding[];
  readonly detail?: readonly { readonly type: string; readonly valueString: string }[];
}

/** What one kind of event says, before it has an id, a moment and a source. */
export interface Shape {
  readonly profile?: string;
  readonly type: Coding;
  readonly subtype: readonly Coding[];
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  readonly outcome: OutcomeCode;
  readonly outcomeDesc?: string | undefined;
  readonly purposeOfEvent?: readonly { readonly coding: readonly Coding[] }[];
  readonly agent: readonly Agent[];
  readonly entity: readonly Entity[];
}

/** Where in the audit log an event comes from: who keeps it elsewhere can tell later whether the log is as it was. */
export interface LineExtension {
  readonly url: string;
  readonly extension: readonly [
    { readonly url: 'chain'; readonly valueString: string },
    { readonly url: 'seq'; readonly valueUnsignedInt: number },
    { readonly url: 'hash'; readonly valueString: string },
  ];
}

/** Below the issuer. */
export const LINE_PATH = '/fhir/StructureDefinition/audit-line';

function lineOf({ chain, seq, hash }: Placed, { issuer }: House): LineExtension[] {
  if (hash === undefined) return [];
  return [
    {
      url: issuer + LINE_PATH,
      extension: [
        { url: 'chain', valueString: chain },
        { url: 'seq', valueUnsignedInt: seq },
        { url: 'hash', valueString: hash },
      ],
    },
  ];
}

/** A FHIR R4 AuditEvent, as we make them. */
export interface AuditEventResource extends Omit<Shape, 'profile' | 'entity' | 'outcomeDesc'> {
  readonly resourceType: 'AuditEvent';
  readonly id: string;
  readonly meta: { readonly profile?: readonly string[]; readonly security: readonly Coding[] };
  readonly extension?: readonly LineExtension[];
  readonly recorded: string;
  readonly outcomeDesc?: string;
  readonly source: { readonly site: string; readonly observer: Reference; readonly type: readonly Coding[] };
  readonly entity?: readonly Entity[];
}

/** @param at among the AuditEvents of one record, from 0 */
export function resourceOf(placed: Placed, shape: Shape, house: House, at: number): AuditEventResource {
  const { profile, entity, outcomeDesc, ...said } = shape;
  const extension = lineOf(placed, house);
  return {
    resourceType: 'AuditEvent',
    id: uuidOf(placed, at),
    meta: { ...(profile === undefined ? {} : { profile: [profile] }), security: [RESTRICTED] },
    ...(extension.length > 0 ? { extension } : {}),
    ...said,
    recorded: placed.record.recorded,
    ...(outcomeDesc === undefined ? {} : { outcomeDesc }),
    source: { site: new URL(house.issuer).host, observer: serverOf(house), type: [SECURITY_SERVER] },
    ...(entity.length > 0 ? { entity } : {}),
  };
}

export const agentOf = (type: Coding, who: Reference | undefined, more: Partial<Agent> = {}): Agent => ({
  type: coded(type.system, type.code, type.display),
  ...(who ? { who } : {}),
  requestor: false,
  ...more,
});
