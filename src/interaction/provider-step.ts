import { MAX_FIELD_LENGTH } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { signInProblemInWords, type Question } from '../upstream/index.ts';
import type { InteractionParts } from './parts.ts';
import { showSignIn } from './sign-in-step.ts';
import { saveProgress, type Visit } from './visit.ts';

type Fields = ReadonlyMap<string, readonly string[]>;

/**
 * Goes on to a provider, by its button or by an address that was typed as user name, over a page of our own: Chromium holds
 * every redirect after a form to `form-action`. `next`: the form says nothing of it.
 */
export async function takeProvider(
  visit: Visit,
  fields: Fields,
  parts: InteractionParts,
): Promise<'shown' | 'next'> {
  const { ctx, fhirServer } = visit;
  const door = parts.providers;
  const [pressed] = fields.get('provider') ?? [];
  const [typed = ''] = fields.get('username') ?? [];
  const id = pressed ?? door.ofAddress(typed, fhirServer.id);
  const provider = door.choices(fhirServer.id).find((one) => one.id === id);
  if (provider) {
    const url = await open(visit, provider.id, questionOf(visit, typed), parts);
    if (url === undefined)
      showSignIn(visit, parts, signInProblemInWords('away', provider.name, languageOf(ctx)), typed);
    else parts.pages.render(ctx, 'to-provider', { provider, url });
    return 'shown';
  }
  if (pressed === undefined && door.takesPasswords(fhirServer.id)) return 'next';
  showSignIn(visit, parts, languageOf(ctx).say('login.no-passwords'), typed);
  return 'shown';
}

/**
 * At an EHR launch somebody has mostly signed in to the hospital already: its provider is asked first, once, without a page.
 * `false`: there is nobody to ask, or they were asked.
 */
export async function askSilently(visit: Visit, parts: InteractionParts): Promise<boolean> {
  const { ctx, progress, launch, fhirServer } = visit;
  const provider = parts.providers.choices(fhirServer.id).find(({ silent }) => silent);
  if (!launch || !provider || progress.askedSilently || wantsPerson(visit)) return false;
  await saveProgress(visit, { askedSilently: true }, parts);
  const url = await open(visit, provider.id, { ...questionOf(visit, ''), prompt: 'none' }, parts);
  if (url === undefined) return false;
  ctx.set('Cache-Control', 'no-store');
  ctx.redirect(url);
  return true;
}

/** Whoever is known already, the person is to say it themselves. */
function wantsPerson({ pending, progress }: Visit): boolean {
  return progress.switchAccount ?? pending.prompt.reasons.includes('login_prompt');
}

/** What the app asked of us is asked of the provider. */
function questionOf(visit: Visit, typed: string): Question {
  const { pending, launch } = visit;
  const hint = typed === '' ? (pending.loginHint ?? launch?.loginHint) : typed;
  return {
    ...(wantsPerson(visit) ? { prompt: 'login' } : {}),
    ...(pending.maxAge === undefined ? {} : { maxAge: pending.maxAge }),
    ...(hint === undefined ? {} : { loginHint: hint.slice(0, MAX_FIELD_LENGTH) }),
  };
}

function open(
  { ctx, pending }: Visit,
  provider: string,
  question: Question,
  { providers }: InteractionParts,
): Promise<string | undefined> {
  return providers.open(ctx, provider, { page: 'interaction', uid: pending.uid }, question);
}
