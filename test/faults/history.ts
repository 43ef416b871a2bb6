import type { TokenAnswer } from '../support/flow.ts';

type Kind = 'authorize' | 'redeem' | 'refresh' | 'introspect' | 'revoke' | 'narrow' | 'assertion';

/** One request and its answer. `began` and `ended` are places in one order of all that happened. */
export interface Operation {
  readonly kind: Kind;
  /** The code, token or assertion that was shown. */
  readonly shown: string;
  /** Which grant it belongs to; assertions belong to none. */
  readonly story: number;
  readonly node: number;
  readonly began: number;
  readonly ended: number;
  /** Milliseconds since the schedule began. */
  readonly ms: readonly [number, number];
  readonly answer: TokenAnswer;
  /** Asked when the faults were over and the store had settled. */
  readonly isCalm: boolean;
}

/** What was done and what came of it, in the order it ended. */
export interface History {
  readonly operations: Operation[];
  /** Faults, and what else a reader wants to know. */
  readonly notes: { readonly ms: number; readonly text: string }[];
  now(): number;
  tick(): number;
  note(text: string): void;
}

/** Nobody knows what became of it: the store was away (503), or the node died (502, in the words of a balancer). */
export function isOpen({ status }: TokenAnswer): boolean {
  return status === 503 || status === 502;
}

export function createHistory(): History {
  const started = performance.now();
  let at = 0;
  const now = (): number => Math.round(performance.now() - started);
  const notes: History['notes'] = [];
  return {
    operations: [],
    notes,
    now,
    tick: () => (at += 1),
    note: (text) => notes.push({ ms: now(), text }),
  };
}

/** For people. Tokens are of no use to anybody once the run is over, and are shortened to tell them apart. */
export function describeHistory({ operations, notes }: History): string {
  const lines = [
    ...notes.map(({ ms, text }) => ({ ms, text: `            ~ ${text}` })),
    ...operations.map((one) => ({ ms: one.ms[0], text: describeOperation(one) })),
  ];
  return lines
    .sort((one, other) => one.ms - other.ms)
    .map(({ ms, text }) => `${String(ms).padStart(6)} ${text}`)
    .join('\n');
}

export function describeOperation({ kind, shown, story, node, ms, answer, isCalm }: Operation): string {
  const { body, status } = answer;
  const gave = ['access_token', 'refresh_token']
    .flatMap((name) => (typeof body[name] === 'string' ? [short(body[name])] : []))
    .join(' and ');
  const told = body.error ?? (body['active'] === undefined ? gave : `active: ${String(body['active'])}`);
  const when = `to ${ms[1]}${isCalm ? ', calm' : ''}`;
  const why = typeof body['error_description'] === 'string' ? ` (${body['error_description']})` : '';
  return `story ${story} node ${node} ${kind} ${short(shown)} → ${status} ${told}${why}  [${when}]`;
}

function short(text: string): string {
  return `…${text.slice(-8)}`;
}
