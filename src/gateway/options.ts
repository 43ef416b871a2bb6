import type { Credentials } from '../resource-server/index.ts';
import type { FhirVersion } from '../smart/index.ts';

/** What a gateway is told. */
export interface GatewayOptions {
  /** The base URL of the FHIR server behind us, as we reach it. */
  readonly upstream: string;
  /** The FHIR base URL that apps know: the `aud` of their tokens, and where we answer. */
  readonly fhirBaseUrl: string;
  /** Gatehouse. */
  readonly issuer: string;
  /** Of a client with `rights: [introspect]`. */
  readonly credentials: Credentials;
  /** Where Gatehouse publishes the SMART configuration, when not under the path of `fhirBaseUrl`. */
  readonly discoveryUrl?: string;
  /** Default 4.0.1. */
  readonly fhirVersion?: FhirVersion;
  /** The `Authorization` header the FHIR server behind us wants; a token of an app never reaches it. Default: none. */
  readonly upstreamAuthorization?: string;
  /** So long may an answer be that has to be filtered, and a content that has to be judged; default 10 MiB. */
  readonly maxFilteredBytes?: number;
  /** Milliseconds until the FHIR server behind us has to begin its answer, default 30,000. */
  readonly upstreamTimeoutMs?: number;
  /** How Gatehouse is asked; default: the `fetch` of Node. */
  readonly fetch?: typeof fetch;
}

export const MAX_FILTERED_BYTES = 10 * 1024 * 1024;
export const UPSTREAM_TIMEOUT_MS = 30_000;
