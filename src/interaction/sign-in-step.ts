import {
  MAX_FIELD_LENGTH,
  attemptAsEvent,
  attemptInWords,
  attemptSignIn,
  secondsToWait,
  type Account,
  type Method,
} from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { SignInThrottle } from '../limits/index.ts';
import { appView } from './app-view.ts';
import { formOf } from './forms.ts';
import type { InteractionParts } from './parts.ts';
import { unsigned } from './progress.ts';
import { problemOn, providersOn } from './provider-buttons.ts';
import { saveProgress, type Visit } from './visit.ts';

export function showSignIn(visit: Visit, parts: InteractionParts, error?: string, username?: string): void {
  const { providers } = parts;
  const hint = username ?? visit.pending.loginHint ?? visit.launch?.loginHint;
  const data = {
    app: appView(visit),
    form: formOf(visit, 'login'),
    ...providersOn(visit, providers),
    ...(providers.takesPasswords(visit.fhirServer.id)
      ? { passkeyHref: `/interaction/${visit.pending.uid}?way=passkey`, ...forgottenLink(visit, parts) }
      : {}),
    ...(hint === undefined ? {} : { username: hint.slice(0, MAX_FIELD_LENGTH) }),
    ...(error === undefined ? problemOn(visit, providers) : { error }),
    ...(visit.launch ? { launchedBy: languageOf(visit.ctx).say('login.launched') } : {}),
  };
  parts.pages.render(visit.ctx, 'login', data, error === undefined ? 200 : 422);
}

/** Who sets another password comes back here; out of a frame it is a page of its own, which no frame is let show. */
function forgottenLink({ ctx, pending }: Visit, { forgottenHref, isFramed }: InteractionParts) {
  return isFramed(ctx)
    ? { forgottenHref: forgottenHref(), forgottenApart: true }
    : { forgottenHref: forgottenHref(pending) };
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
  const event = attemptAsEvent(result, parts.usernameHash(username));
  const seen = { reference: visit.reference, address: ctx.ip, clientId: visit.pending.clientId };
  if (event) await parts.audit.record({ type: 'sign-in', ...event, ...seen });
  if (!result.ok) {
    showSignIn(visit, parts, attemptInWords(result, languageOf(ctx)), username);
    const wait = secondsToWait(result);
    if (wait > 0) {
      ctx.set('Retry-After', String(wait));
      ctx.status = 429;
    }
    return 'shown';
  }
  await noteSignIn(visit, result.account, 'password', parts);
  return 'signed-in';
}

/** From now on it is this person; what was chosen is forgotten. */
export async function noteSignIn(
  visit: Visit,
  { accountId }: Account,
  method: Method,
  parts: InteractionParts,
): Promise<void> {
  const signedIn = { accountId, methods: [method], signedInAt: parts.clock() };
  await saveProgress({ ...visit, progress: unsigned(visit.progress) }, signedIn, parts);
}
