import type { Context } from 'koa';

import { languageOf } from '../language/index.ts';
import { readSignInProblem, signInProblemInWords } from '../upstream/index.ts';
import type { MyAppsParts } from './parts.ts';

type Door = MyAppsParts['providers'];

/** The buttons of the sign-in page, and why the last try with one came to nothing. */
export function providersOn(ctx: Context, door: Door): object {
  const providers = door.choices().map(({ id, name }) => ({ id, name }));
  const failed = providers.find(({ id }) => id === ctx.query['provider']);
  const problem = readSignInProblem(ctx.query['problem']);
  return {
    providers,
    ...(door.takesPasswords() ? {} : { noPasswords: true }),
    ...(failed && problem ? { error: signInProblemInWords(problem, failed.name, languageOf(ctx)) } : {}),
  };
}
