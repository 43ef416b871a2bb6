import type Router from '@koa/router';
import type { Middleware } from 'koa';

import { letFormIn, letIn } from '../door.ts';
import type { MyAppsParts } from '../parts.ts';
import { ACCOUNT_PATH } from '../path.ts';
import { postedFields, type Show, type Take } from '../person.ts';
import {
  showNewAppPage,
  showNewCodesPage,
  showNewPasskeyPage,
  takeNewCodes,
  takeNewFactor,
} from './factors.ts';
import { showEmail, takeEmail } from './email.ts';
import { forgottenRoutes } from './forgotten.ts';
import { showAccount, takeAccount } from './overview.ts';
import { showPassword, takePassword } from './password.ts';

/** Whoever changes how they sign in has shown within so many seconds that it is them (attack row A092). */
const RECENT_SECONDS = 300;
const RECENT = { maxAge: RECENT_SECONDS };

/** Where people see and change how they sign in. What only ends something needs no fresh sign-in; all else does. */
export function accountRoutes(router: Router, parse: Middleware, parts: MyAppsParts): void {
  forgottenRoutes(router, parse, parts);
  const take = (path: string, asked: (fields: URLSearchParams) => object, answer: Take): void => {
    router.post(path, parse, async (ctx) => {
      const fields = postedFields(ctx);
      await letFormIn(ctx, fields, parts, (person) => answer(ctx, person, fields, parts), asked(fields));
    });
  };
  const change = (name: string, show: Show, answer: Take): void => {
    const path = `${ACCOUNT_PATH}/${name}`;
    router.get(path, (ctx) => letIn(ctx, parts, (person) => show(ctx, person, parts), RECENT));
    take(path, () => RECENT, answer);
  };
  router.get(ACCOUNT_PATH, (ctx) => letIn(ctx, parts, (person) => showAccount(ctx, person, parts)));
  take(ACCOUNT_PATH, (fields) => (fields.has('remove') ? RECENT : {}), takeAccount);
  change('password', showPassword, takePassword);
  change('app', showNewAppPage, takeNewFactor);
  change('passkey', showNewPasskeyPage, takeNewFactor);
  change('email', showEmail, takeEmail);
  change('codes', showNewCodesPage, takeNewCodes);
}
