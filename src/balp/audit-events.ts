import type { AuditRecord } from '../audit/index.ts';
import { assertNever } from '../oauth/index.ts';
import { SUBTYPE, TYPE } from './codes.ts';
import { consentShapes, narrowedShapes, revokedShapes } from './consent-shapes.ts';
import {
  accessShape,
  activityShape,
  breakGlassShape,
  logReadShape,
  plainShape,
  sessionShape,
} from './other-shapes.ts';
import type { Placed } from './placed.ts';
import { resourceOf, type AuditEventResource, type House, type Shape } from './resource.ts';
import { introspectionShape, tokenShape } from './token-shapes.ts';

/** One AuditEvent, or two where one thing was two: a consent is a decision and a Consent that came to be. */
export function auditEventsOf(placed: Placed, house: House): AuditEventResource[] {
  return shapesOf(placed.record, house).map((shape, at) => resourceOf(placed, shape, house, at));
}

function shapesOf(record: AuditRecord, house: House): Shape[] {
  switch (record.type) {
    case 'consent':
      return consentShapes(record, house);
    case 'consent.narrowed':
      return narrowedShapes(record, house);
    case 'token.revoked':
      return revokedShapes(record, house);
    case 'sign-in':
    case 'sign-out':
      return [sessionShape(record, house)];
    case 'token.issued':
    case 'token.withdrawn':
    case 'token.repeated':
    case 'token.refused':
    case 'token.reuse':
      return [tokenShape(record, house)];
    case 'token.introspected':
      return [introspectionShape(record, house)];
    case 'server.start':
    case 'server.stop':
      return [activityShape(record, house)];
    case 'audit.read':
      return [logReadShape(record, house)];
    case 'fhir.access':
      return [accessShape(record, house)];
    case 'authorize':
    case 'sign-out.told':
    case 'launch.created':
    case 'launch.used':
    case 'request.refused':
    case 'revocations.opened':
    case 'revocations.closed':
      return [plainShape(record, house, { type: TYPE.authentication })];
    case 'client.changed':
    case 'config.changed':
    case 'store.adopted':
    case 'store.keys-rotated':
    case 'store.rewrapped':
    case 'store.exported':
    case 'store.imported':
    case 'keys.rotated':
      return [plainShape(record, house, { type: TYPE.alert, subtype: [SUBTYPE.configuration] })];
    case 'account.changed':
      return [plainShape(record, house, { type: TYPE.alert, subtype: [SUBTYPE.userChanged], action: 'U' })];
    case 'audit.resumed':
      return [plainShape(record, house, { type: TYPE.alert, subtype: [SUBTYPE.recordingStarted] })];
    case 'store.seal-broken':
      return [plainShape(record, house, { type: TYPE.alert, subtype: [SUBTYPE.objectChanged] })];
    case 'break-glass':
    case 'break-glass.ended':
      return [breakGlassShape(record, house)];
    case 'clock.wrong':
    case 'clock.right':
    case 'clock.holdover':
    case 'record.failed':
      return [plainShape(record, house, { type: TYPE.alert })];
    default:
      return assertNever(record);
  }
}
