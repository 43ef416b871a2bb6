import type { Context } from 'koa';
import {
  bearerRefusal,
  challenge,
  decide,
  denial,
  readBearer,
  type AllowedRequest,
  type DecideOptions,
  type FhirRequest,
  type Introspect,
  type Refused,
  type TokenInfo,
} from '../../resource-server/index.ts';
import { outcome, tryAgain, type Answer } from './answers.ts';

export type Guarded<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly answer: Answer };

/** The live token of this request, or the refusal to send (SEM-01, SEM-03, SEM-04). */
export async function authenticate(ctx: Context, introspect: Introspect): Promise<Guarded<TokenInfo>> {
  const bearer = readBearer(ctx.get('Authorization'));
  if (bearer.kind !== 'token') return unauthorized(bearerRefusal(bearer));
  const result = await introspect(bearer.token);
  switch (result.kind) {
    case 'active':
      return { ok: true, value: result.token };
    case 'inactive':
      return unauthorized({ error: 'invalid_token', description: result.description });
    case 'unavailable':
      return {
        ok: false,
        answer: tryAgain(
          'the authorization server cannot be asked about this token; try again soon',
          result.detail,
        ),
      };
  }
}

function unauthorized(refused: Pick<Refused, 'error' | 'description'> | undefined): Guarded<never> {
  const diagnostics = refused?.description ?? 'this server needs an access token in the Authorization header';
  return {
    ok: false,
    answer: outcome(401, 'login', diagnostics, { 'WWW-Authenticate': challenge(refused) }),
  };
}

/** What the kit has to know of us: we speak R4, and `_page` is the cursor in our links. */
export const DECIDE_OPTIONS: DecideOptions = { fhirVersion: '4.0.1', parameters: new Set(['_page']) };

/** What the token may see of this request, or the 403 to send (SEM-04). */
export function authorize(token: TokenInfo, request: FhirRequest): Guarded<AllowedRequest> {
  const decision = decide(token, request, DECIDE_OPTIONS);
  if (decision.allowed) return { ok: true, value: decision };
  return { ok: false, answer: forbidden(decision) };
}

/** The refusal to send: in a batch, for one entry. */
export function forbidden(refused: Refused): Answer {
  const { status, headers, body } = denial(refused);
  return { status, headers: { ...headers }, body };
}
