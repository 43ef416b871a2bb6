import { createHash } from 'node:crypto';

import type { Placed } from './placed.ts';

/** Of our own: ids of AuditEvents are names below it. */
const NAMESPACE = Buffer.from('6f2d1b7e0c3a4f6f9a52b1c4d07e8a35', 'hex');

/** The same record has the same id wherever and however often it is sent (RFC 9562 §5.5). */
export function uuidOf({ chain, seq }: Omit<Placed, 'record'>, at: number): string {
  const name = at === 0 ? `${chain}/${seq}` : `${chain}/${seq}/${at}`;
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
