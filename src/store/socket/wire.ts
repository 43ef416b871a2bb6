import type { StoreDriver } from '../driver.ts';

/**
 * The words between a server and the command line, over HTTP on the socket: `POST /<version>/<method>` with the arguments
 * as a JSON array; the answer is `{result}` or `{error}`. `dump` answers a line of JSON for each batch of rows, and last
 * `{end: true}` or `{error}`.
 */
export const PROTOCOL = '3';
/** Of a call with its arguments. */
export const MAX_CALL_BYTES = 64 * 1024 * 1024;

/** What is called as it is. */
export const METHODS = [
  ...(['getMany', 'put', 'announce', 'putIfAbsent', 'take', 'remove', 'commit', 'count'] as const),
  ...(['addMember', 'removeMember', 'members', 'restore', 'concerns', 'assure', 'lineage', 'ping'] as const),
] satisfies (keyof StoreDriver)[];
export type Method = (typeof METHODS)[number];

/** The answer to `hello`. */
export interface Hello {
  readonly location: string;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  readonly end?: true;
}

/** JSON in which bytes are `{"base64": …}`; nothing else in the port has a member of that name. */
export function toWire(value: unknown): string {
  return JSON.stringify(value, function replace(this: unknown, name: string, simple: unknown) {
    // A Buffer has been made JSON by its own toJSON already; what it was is still in its holder.
    const raw: unknown = Reflect.get(Object(this), name);
    return isBytes(raw) ? { base64: Buffer.from(raw).toString('base64') } : simple;
  });
}

export function fromWire(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) => {
    const encoded =
      typeof value === 'object' && value !== null && 'base64' in value ? value.base64 : undefined;
    return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : value;
  });
}

export function answerFrom(text: string): Answer {
  const answer = fromWire(text);
  return typeof answer === 'object' && answer !== null ? answer : { error: 'no answer of ours' };
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value);
}
