import { randomBytes } from 'node:crypto';

/** RFC 5905 §7.3: the header without extensions. */
const LENGTH = 48;
const VERSION = 4;
const CLIENT = 3;
const SERVER = 4;
const UNSYNCHRONIZED = 3;
const MOST_STRATUM = 15;
/** RFC 5905 §7.2, MAXDIST: who may be a second wrong says nothing of use. */
const MAX_DISTANCE_MS = 1000;
/** From 1900, where NTP begins to count, to 1970. */
const EPOCH_SECONDS = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;

const RECEIVED_AT = 32;
const SENT_AT = 40;
const ORIGIN_AT = 24;

/** What a server said, by its own clock. Milliseconds since 1970. */
export interface ServerTime {
  /** The question came. */
  readonly receivedMs: number;
  /** The answer left. */
  readonly sentMs: number;
  /** How far from the true time it may be, by its own account. */
  readonly distanceMs: number;
}

export type Reply =
  | { readonly ok: true; readonly time: ServerTime }
  | { readonly ok: false; readonly code: ReplyProblem; readonly detail: string };

export type ReplyProblem = 'malformed' | 'not-ours' | 'kiss' | 'unsynchronized' | 'too-uncertain';

/**
 * A question that tells nothing of us: where our time would stand it has a random number, which the answer has to repeat.
 * Who has not seen the question cannot answer it (RFC 5905 §8; draft-ietf-ntp-data-minimization).
 */
export function newQuestion(): { readonly packet: Buffer; readonly origin: Buffer } {
  const packet = Buffer.alloc(LENGTH);
  packet[0] = (VERSION << 3) | CLIENT;
  const origin = randomBytes(8);
  origin.copy(packet, SENT_AT);
  return { packet, origin };
}

export function readReply(packet: Buffer, origin: Buffer): Reply {
  const refuse = (code: ReplyProblem, detail: string): Reply => ({ ok: false, code, detail });
  if (packet.length < LENGTH) return refuse('malformed', `has ${packet.length} bytes`);
  const [first = 0, stratum = 0] = packet;
  const [leap, version, mode] = [first >> 6, (first >> 3) & 7, first & 7];
  if (mode !== SERVER || version < 1 || version > VERSION)
    return refuse('malformed', `has mode ${mode} and version ${version}`);
  if (!packet.subarray(ORIGIN_AT, ORIGIN_AT + 8).equals(origin))
    return refuse('not-ours', 'does not repeat what was asked');
  if (stratum === 0) return refuse('kiss', `asks to be left alone: ${kissCode(packet)}`);
  if (leap === UNSYNCHRONIZED || stratum > MOST_STRATUM)
    return refuse('unsynchronized', 'does not know the time itself');
  const distanceMs = shortMs(packet, 4) / 2 + shortMs(packet, 8);
  if (distanceMs > MAX_DISTANCE_MS)
    return refuse('too-uncertain', `may be ${Math.round(distanceMs)} ms from the true time`);
  const [receivedMs, sentMs] = [timestampMs(packet, RECEIVED_AT), timestampMs(packet, SENT_AT)];
  if (receivedMs === undefined || sentMs === undefined || sentMs < receivedMs)
    return refuse('malformed', 'tells no time');
  return { ok: true, time: { receivedMs, sentMs, distanceMs } };
}

function kissCode(packet: Buffer): string {
  const code = packet.toString('latin1', 12, 16);
  return /^[A-Z]{4}$/.test(code) ? code : 'no reason given';
}

/** 16 bits of seconds and 16 of their fraction. */
function shortMs(packet: Buffer, at: number): number {
  return (packet.readUInt32BE(at) / 2 ** 16) * 1000;
}

/** 32 bits of seconds and 32 of their fraction; the first bit is 0 from 2036 on (RFC 4330 §3). */
function timestampMs(packet: Buffer, at: number): number | undefined {
  const [seconds, fraction] = [packet.readUInt32BE(at), packet.readUInt32BE(at + 4)];
  if (seconds === 0 && fraction === 0) return undefined;
  const era = seconds < ERA_SECONDS / 2 ? ERA_SECONDS : 0;
  return (seconds + era - EPOCH_SECONDS + fraction / 2 ** 32) * 1000;
}
