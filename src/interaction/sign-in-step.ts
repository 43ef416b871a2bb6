import { canonicalUsername, signIn } from '../identity/index.ts';
import { appView } from './app-view.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import type { Throttle } from './throttle.ts';
import { saveProgress, type Visit } from './visit.ts';

const MAX_FIELD_LENGTH = 200;
const WRONG = 'The user name or password is not right. Check both and try again.';

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
  throttle: Throttle,
): Promise<'signed-in' | 'shown'> {
  const username = fields.get('username')?.[0] ?? '';
  const password = fields.get('password')?.[0] ?? '';
  const name = canonicalUsername(username.slice(0, MAX_FIELD_LENGTH));
  const { ctx } = visit;
  const wait = await throttle.secondsToWait(name, ctx.ip);
  if (wait > 0) {
    ctx.set('Retry-After', String(wait));
    showSignIn(visit, parts, `Too many tries. Wait ${Math.ceil(wait / 60)} minutes and try again.`, username);
    ctx.status = 429;
    return 'shown';
  }
  const result = await signIn(parts.accounts, username.slice(0, MAX_FIELD_LENGTH), password);
  const seen = { reference: visit.reference, address: ctx.ip, clientId: visit.pending.clientId };
  if (!result.ok) {
    await throttle.failed(name, ctx.ip);
    const usernameHash = parts.usernameHash(username);
    await parts.audit.record({
      type: 'sign-in',
      outcome: 'refused',
      reason: result.reason,
      usernameHash,
      ...seen,
    });
    showSignIn(visit, parts, WRONG, username);
    return 'shown';
  }
  await throttle.succeeded(name);
  const { accountId } = result.account;
  await parts.audit.record({ type: 'sign-in', outcome: 'success', accountId, ...seen });
  const { patient: _patient, encounter: _encounter, search: _search, ...kept } = visit.progress;
  await saveProgress({ ...visit, progress: kept }, { accountId }, parts);
  return 'signed-in';
}
