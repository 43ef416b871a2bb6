import { MAX_FIELD_LENGTH, attemptInWords, attemptSignIn } from '../identity/index.ts';
import type { SignInThrottle } from '../limits/index.ts';
import { appView } from './app-view.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { saveProgress, type Visit } from './visit.ts';

export function showSignIn(
  visit: Visit,
  { pages }: InteractionParts,
  error?: string,
  username?: string,
): void {
  const hint = username ?? visit.pending.loginHint ?? visit.launch?.loginHint;
  const data = {
    app: appView(visit),
    form: formOf(visit, 'login'),
    ...(hint === undefined ? {} : { username: hint.slice(0, MAX_FIELD_LENGTH) }),
    ...(error === undefined ? {} : { error }),
    ...(visit.launch ? { launchedBy: 'Opened from your health record system.' } : {}),
  };
  pages.render(visit.ctx, 'login', data, error === undefined ? 200 : 422);
}

/** Checks the posted user name and password; on success the next page is another one. */
export async function takeSignIn(
  visit: Visit,
  fields: ReadonlyMap<string, readonly string[]>,
  parts: InteractionParts,
  throttle: SignInThrottle,
): Promise<'signed-in' | 'shown'> {
  const username = fields.get('username')?.[0] ?? '';
  const password = fields.get('password')?.[0] ?? '';
  const { ctx } = visit;
  const result = await attemptSignIn(parts.accounts, throttle, { username, password, address: ctx.ip });
  const seen = { reference: visit.reference, address: ctx.ip, clientId: visit.pending.clientId };
  if (!result.ok) {
    if (result.reason !== 'too-many') {
      const { reason } = result;
      const usernameHash = parts.usernameHash(username);
      await parts.audit.record({ type: 'sign-in', outcome: 'refused', reason, usernameHash, ...seen });
    }
    showSignIn(visit, parts, attemptInWords(result), username);
    if (result.reason === 'too-many') tellToWait(ctx, result.seconds);
    return 'shown';
  }
  const { accountId } = result.account;
  await parts.audit.record({ type: 'sign-in', outcome: 'success', accountId, ...seen });
  const { patient: _patient, encounter: _encounter, search: _search, ...kept } = visit.progress;
  await saveProgress({ ...visit, progress: kept }, { accountId }, parts);
  return 'signed-in';
}

function tellToWait(ctx: Visit['ctx'], seconds: number): void {
  ctx.set('Retry-After', String(seconds));
  ctx.status = 429;
}
