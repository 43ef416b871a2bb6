import type { Context } from 'koa';

import { MAX_FIELD_LENGTH } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { signInProblemInWords } from '../upstream/index.ts';
import type { MyAppsParts } from './parts.ts';
import { homeOf } from './path.ts';
import type { Person } from './person.ts';
import { STEP, showSignIn } from './sign-in.ts';

/**
 * Goes on to a provider, by its button or by an address that was typed; `false`: the form says nothing of it.
 *
 * @param person who is signed in, but too long ago: the provider asks them anew, whatever it remembers
 */
export async function takeProvider(
  ctx: Context,
  fields: URLSearchParams,
  parts: MyAppsParts,
  person: Person | undefined,
): Promise<boolean> {
  const { providers: door, render } = parts;
  const typed = fields.get('username') ?? '';
  const pressed = fields.get('provider');
  const provider = door.choices().find(({ id }) => id === (pressed ?? door.ofAddress(typed)));
  const { say } = languageOf(ctx);
  if (fields.get('step') !== STEP) return false;
  if (!provider) {
    if (pressed === null && door.takesPasswords()) return false;
    await showSignIn(ctx, parts, { error: say('login.no-passwords') });
    return true;
  }
  const hint = typed === '' ? {} : { loginHint: typed.slice(0, MAX_FIELD_LENGTH) };
  const question = { ...hint, ...(person ? ({ prompt: 'login' } as const) : {}) };
  const url = await door.open(ctx, provider.id, { page: 'my-apps', path: homeOf(ctx) }, question);
  if (url === undefined)
    await showSignIn(ctx, parts, { error: signInProblemInWords('away', provider.name, languageOf(ctx)) });
  else render(ctx, 'to-provider', { provider, url });
  return true;
}
