import { hash, timingSafeEqual } from 'node:crypto';

import type { Client } from '../clients/index.ts';

export interface BasicCredentials {
  readonly clientId: string;
  readonly secret: string;
}

const SCHEME = /^basic ([A-Za-z0-9+/]+={0,2})$/i;
/** Ids and secrets that read alike raw and form-encoded, as all of ours do (CLI-03); what else is sent is none of ours. */
const PLAIN = /^[A-Za-z0-9._~-]+$/;
const HASHED = 'sha256:';

/** Client id and secret of an `Authorization: Basic` header; `undefined` when there are none that could be ours. */
export function readBasic(header: string | undefined): BasicCredentials | undefined {
  const [, encoded] = SCHEME.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  const [clientId, secret] = [text.slice(0, colon), text.slice(colon + 1)];
  return PLAIN.test(clientId) && PLAIN.test(secret) ? { clientId, secret } : undefined;
}

const kept = new WeakMap<Client['registration'], Buffer>();

/** Is this the client's secret? Compared by hash, in constant time. */
export function proves({ registration, disabled }: Client, secret: string): boolean {
  if (disabled || registration.token_endpoint_auth_method !== 'client_secret_basic') return false;
  let wanted = kept.get(registration);
  if (!wanted) {
    wanted = Buffer.from(registration.client_secret?.slice(HASHED.length) ?? '', 'base64url');
    kept.set(registration, wanted);
  }
  const shown = Buffer.from(hash('sha256', secret, 'base64url'), 'base64url');
  return wanted.length === shown.length && timingSafeEqual(wanted, shown);
}
