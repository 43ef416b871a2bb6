/** Where Redis is: the URL of one (`redis://`, `rediss://`), or how to find its primary, or its masters. */
export type RedisPlace = string | SentinelPlace | ClusterPlace;

/** One primary with replicas, watched by sentinels. */
export interface SentinelPlace {
  /** `host:port` of each; those they know of are found by themselves. */
  readonly sentinels: readonly string[];
  /** What the sentinels call the primary. */
  readonly master: string;
  /** Of Redis; absent: the default user, no password. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Of the sentinels, which have users of their own. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  /** Speak TLS with Redis and the sentinels; default: no. */
  readonly tls?: boolean | undefined;
  /** Default 0. */
  readonly database?: number | undefined;
}

/** Several masters that share the slots. */
export interface ClusterPlace {
  /** URLs of some of its nodes, all with the same scheme, user and password; the others are found by themselves. */
  readonly clusterNodes: readonly string[];
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; IPv6 in brackets. */
export function addressOf(hostAndPort: string): Address {
  const at = hostAndPort.lastIndexOf(':');
  return { host: hostAndPort.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(hostAndPort.slice(at + 1)) };
}
