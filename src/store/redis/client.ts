import type { ChainableCommander, Redis, RedisCommander } from 'ioredis';

/** What the store needs of ioredis, whichever way Redis is laid out. */
export interface RedisClient {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** For people: hosts, ports and names. Never a password. */
  readonly location: string;
  readonly commands: RedisCommander;
  /** Commands that are sent together; in a cluster to where their keys lie, which is one place. */
  pipeline(): ChainableCommander;
  /** The connections that writes go to. @throws when one that should be there is not */
  primaries(): readonly Redis[];
  /** The name of a key that lies on this one. */
  keyOn(primary: Redis): string;
  /** Resolves when this one would take a write; rejects otherwise. */
  alive(primary: Redis): Promise<unknown>;
  /** Resolves when commands can be sent; rejects when that cannot be had now. */
  connect(): Promise<void>;
  /** After a refused {@link connect}: what is wrong at the first door, where ioredis keeps that to itself. */
  whyNot(): Promise<Error | undefined>;
  onError(listener: (error: Error) => void): void;
  /** Told whenever a connection was made anew. */
  onReady(listener: () => void): void;
  /** The servers it leads to, as they call themselves since they were started; in a cluster those that can be reached. */
  servers(): Promise<readonly string[]>;
  /** Ends the connection and makes it anew: it may lead elsewhere by now. */
  reconnect(): void;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
  close(): Promise<void>;
}
