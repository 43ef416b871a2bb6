import { asOneLine } from '../audit/index.ts';
import type { SentEvent } from './batch.ts';

/** Facility 10 (security), severity 5 (notice): what ATNA asks for. */
const PRIORITY = 85;
/** The number that RFC 5612 sets apart for what has none of its own. */
const ENTERPRISE = 32_473;
const BYTE_ORDER_MARK = '\ufeff';

/** RFC 5424 §6.3.3. */
const escaped = (value: string): string => value.replace(/["\\\]]/g, '\\$&');

/** RFC 5424 §6: names of the header are printable ASCII. */
const printable = (text: string): string => text.replace(/[^!-~]/g, '_').slice(0, 255) || '-';

/**
 * An AuditEvent as a syslog message. Its body is JSON on one line: no value in it can end the message or begin another one.
 *
 * @param host who sends it
 */
export function syslogMessage({ chain, seq, hash, event }: SentEvent, host: string): string {
  const members = { chain, seq: String(seq), hash, id: event.id };
  const data = Object.entries(members).map(([name, value]) => `${name}="${escaped(value)}"`);
  const header = `<${PRIORITY}>1 ${event.recorded} ${printable(host)} gatehouse - AuditEvent`;
  return `${header} [gatehouse@${ENTERPRISE} ${data.join(' ')}] ${BYTE_ORDER_MARK}${asOneLine(event)}`;
}

/** RFC 5425 §4.3: the length says where a message ends, whatever is in it. */
export function framed(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}
