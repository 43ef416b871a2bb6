import type { Context } from 'koa';
import {
  answerTo,
  bearerRefusal,
  decide,
  denial,
  readBearer,
  type AllowedRequest,
  type DecideOptions,
  type FhirRequest,
  type Introspect,
  type TokenInfo,
} from '../../resource-server/index.ts';
import type { Answer } from './answers.ts';

export type Guarded<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly answer: Answer };

/** The live token of this request, or the refusal to send (SEM-01, SEM-03, SEM-04). */
export async function authenticate(ctx: Context, introspect: Introspect): Promise<Guarded<TokenInfo>> {
  const bearer = readBearer(ctx.get('Authorization'));
  if (bearer.kind !== 'token') return { ok: false, answer: answerTo(bearerRefusal(bearer)) };
  const result = await introspect(bearer.token);
  if (result.kind === 'active') return { ok: true, value: result.token };
  const { detail } = { detail: undefined, ...result };
  return { ok: false, answer: { ...answerTo(result), ...(detail === undefined ? {} : { detail }) } };
}

/** What the kit has to know of us: we speak R4, and `_page` is the cursor in our links. */
export const DECIDE_OPTIONS: DecideOptions = { fhirVersion: '4.0.1', parameters: new Set(['_page']) };

/** What the token may see of this request, or the 403 to send (SEM-04). */
export function authorize(token: TokenInfo, request: FhirRequest): Guarded<AllowedRequest> {
  const decision = decide(token, request, DECIDE_OPTIONS);
  if (decision.allowed) return { ok: true, value: decision };
  return { ok: false, answer: denial(decision) };
}
