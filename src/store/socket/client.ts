import { Agent, request, type IncomingMessage } from 'node:http';
import path from 'node:path';

import type { Count } from '../../limits/index.ts';
import type { EpochSeconds } from '../../oauth/index.ts';
import {
  StoreUnavailable,
  type Commit,
  type CommitOutcome,
  type Marker,
  type Put,
  type Row,
  type StoreDriver,
} from '../driver.ts';
import { linesOf } from '../lines.ts';
import { SOCKET_NAME, reachable, type ReachableFolder } from './path.ts';
import { PROTOCOL, answerFrom, toWire, type Hello, type Method } from './wire.ts';

/** A server answers within milliseconds, unless it hangs. */
const CALL_TIMEOUT_MS = 15_000;
const MAX_CONNECTIONS = 16;
/** Nobody listens there: no socket, or one that a killed server left. */
const NOBODY: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR']);

/**
 * The store of a running server, through the socket in its folder; `undefined` when nobody listens there.
 *
 * @throws StoreUnavailable when somebody does who cannot be talked to, with what to do
 */
export async function connectStore(folder: string): Promise<StoreDriver | undefined> {
  const near = reachable(folder);
  const wire = new Wire(near, path.join(folder, SOCKET_NAME));
  try {
    const { location } = (await wire.ask('hello')) as Hello;
    return new RemoteStore(wire, location);
  } catch (error) {
    wire.close();
    const code =
      error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
    if (NOBODY.has(code)) return undefined;
    throw error;
  }
}

class RemoteStore implements StoreDriver {
  readonly name = 'embedded';
  readonly connection = 0;
  readonly tags = [];
  readonly location: string;
  readonly #wire: Wire;

  constructor(wire: Wire, location: string) {
    this.#wire = wire;
    this.location = location;
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = await this.#ask<(Uint8Array | null)[]>('getMany', keys);
    return values.map((value) => value ?? undefined);
  }

  lookUp = (keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> => this.getMany(keys);
  /** An embedded store loses nothing that was acknowledged. */
  lineage = (): Promise<string> => this.#ask('lineage');
  put = (put: Put): Promise<void> => this.#ask('put', put);
  announce = (put: Put): Promise<void> => this.#ask('announce', put);
  putIfAbsent = (put: Marker): Promise<boolean> => this.#ask('putIfAbsent', put);
  take = (key: string): Promise<Uint8Array | undefined> => this.#ask('take', key);
  remove = (keys: readonly string[]): Promise<void> => this.#ask('remove', keys);
  commit = (commit: Commit): Promise<CommitOutcome> => this.#ask('commit', commit);
  assure = (near: string): Promise<void> => this.#ask('assure', near);
  addMember = (index: string, member: string, expiresAt?: EpochSeconds): Promise<void> =>
    this.#ask('addMember', index, member, ...(expiresAt === undefined ? [] : [expiresAt]));
  removeMember = (index: string, member: string): Promise<void> => this.#ask('removeMember', index, member);
  members = (index: string): Promise<readonly string[]> => this.#ask('members', index);
  count = (key: string, by: number, windowSeconds: number): Promise<Count> =>
    this.#ask('count', key, by, windowSeconds);
  restore = (rows: readonly Row[]): Promise<number> => this.#ask('restore', rows);
  concerns = (): Promise<readonly string[]> => this.#ask('concerns');
  /** A command keeps nothing that could end meanwhile. Nobody tells it, and it never knows. */
  watch = (): (() => void) => () => undefined;
  sameEverywhere = (): Promise<void> => Promise.resolve();
  clocks = (): Promise<readonly []> => Promise.resolve([]);
  vouch = (): void => undefined;
  ping = (): Promise<void> => this.#ask('ping');

  async *dump(): AsyncGenerator<readonly Row[]> {
    for await (const rows of this.#wire.stream('dump')) yield rows as readonly Row[];
  }

  async close(): Promise<void> {
    this.#wire.close();
  }

  /** What a method answers is what the driver behind the socket answered, of the same version. */
  async #ask<Result>(method: Method, ...args: readonly unknown[]): Promise<Result> {
    return (await this.#wire.ask(method, args)) as Result;
  }
}

/** Calls over the socket, each of which ends with an answer or with {@link StoreUnavailable}. */
class Wire {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
  readonly #near: ReachableFolder;
  readonly #place: string;
  #closed = false;

  constructor(near: ReachableFolder, place: string) {
    this.#near = near;
    this.#place = place;
  }

  async ask(method: Method | 'hello', args: readonly unknown[] = []): Promise<unknown> {
    let text = '';
    try {
      const response = await this.#send(method, args);
      for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    } catch (cause) {
      throw this.#lost(cause);
    }
    return this.#resultIn(text).result;
  }

  async *stream(method: 'dump'): AsyncGenerator {
    try {
      const response = await this.#send(method, []);
      for await (const line of linesOf(response as AsyncIterable<Buffer>)) {
        const { result, end } = this.#resultIn(line.toString());
        if (end) return;
        yield result;
      }
    } catch (cause) {
      throw cause instanceof StoreUnavailable ? cause : this.#lost(cause);
    }
    throw this.#lost(new Error('the answer has no end'));
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
    this.#near.release();
  }

  #send(method: string, args: readonly unknown[]): Promise<IncomingMessage> {
    if (this.#closed) throw new Error('it was closed');
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: path.join(this.#near.path, SOCKET_NAME),
          ...{ method: 'POST', path: `/${PROTOCOL}/${method}`, agent: this.#agent, timeout: CALL_TIMEOUT_MS },
        },
        resolve,
      );
      sent.on('timeout', () => sent.destroy(new Error('it does not answer')));
      sent.on('error', reject);
      sent.end(toWire(args));
    });
  }

  #resultIn(text: string): ReturnType<typeof answerFrom> {
    const answer = answerFrom(text);
    if (answer.error !== undefined) throw new StoreUnavailable(`${answer.error} (asked at ${this.#place})`);
    return answer;
  }

  #lost(cause: unknown): StoreUnavailable {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM')
      return new StoreUnavailable(
        `may not use ${this.#place}: run this as the user that the server runs as`,
        { cause },
      );
    return new StoreUnavailable(
      `the server stopped answering at ${this.#place} (${message}); what was done so far stays: look, and say it again`,
      { cause },
    );
  }
}
