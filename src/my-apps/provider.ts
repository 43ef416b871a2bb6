import type { Context } from 'koa';

import { languageOf } from '../language/index.ts';
import { signInProblemInWords } from '../upstream/index.ts';
import type { MyAppsParts } from './parts.ts';
import { STEP, showSignIn } from './sign-in.ts';

/** Goes on to a provider, by its button or by an address that was typed; `false`: the form says nothing of it. */
export async function takeProvider(
  ctx: Context,
  fields: URLSearchParams,
  parts: MyAppsParts,
): Promise<boolean> {
  const { providers: door, render } = parts;
  const typed = fields.get('username') ?? '';
  const pressed = fields.get('provider');
  const provider = door.choices().find(({ id }) => id === (pressed ?? door.ofAddress(typed)));
  const { say } = languageOf(ctx);
  if (fields.get('step') !== STEP) return false;
  if (!provider) {
    if (pressed === null && door.takesPasswords()) return false;
    showSignIn(ctx, parts, { error: say('login.no-passwords') });
    return true;
  }
  const hint = typed === '' ? {} : { loginHint: typed.slice(0, MAX_HINT) };
  const url = await door.open(ctx, provider.id, { page: 'my-apps' }, hint);
  if (url === undefined)
    showSignIn(ctx, parts, { error: signInProblemInWords('away', provider.name, languageOf(ctx)) });
  else render(ctx, 'to-provider', { provider, url });
  return true;
}

const MAX_HINT = 200;
