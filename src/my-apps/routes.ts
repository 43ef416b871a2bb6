import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';

import { accountRoutes } from './account/routes.ts';
import { letFormIn, letIn } from './door.ts';
import { downloadRecords, showHistory } from './history.ts';
import { showApp, takeApp } from './one-app.ts';
import type { MyAppsParts } from './parts.ts';
import { HISTORY_PATH, MY_APPS_PATH, RECORDS_PATH, backToList } from './path.ts';
import { postedFields, whoIsAt, type Show, type Take } from './person.ts';
import { showApps, takeApps } from './all-apps.ts';

/**
 * Who is signed in sees which apps may use records through their account, and takes back a part of it, one or all; who is not
 * signs in first. Works without JavaScript: a form, and then the page anew (303).
 */
export function myAppsRoutes(parts: MyAppsParts): Router {
  const router = new Router();
  const parse = bodyParser({ enableTypes: ['form'], formLimit: '64kb' });
  const page = (path: string, show: Show, take: Take): void => {
    router.get(path, (ctx) => letIn(ctx, parts, (person) => show(ctx, person, parts)));
    router.post(path, parse, async (ctx) => {
      const fields = postedFields(ctx);
      await letFormIn(ctx, fields, parts, (person) => take(ctx, person, fields, parts));
    });
  };
  const read = (path: string, answer: Show): void => {
    router.get(path, async (ctx) => {
      const { person, needed } = await whoIsAt(ctx, parts);
      return person && needed.need === 'nothing' ? answer(ctx, person, parts) : backToList(ctx);
    });
  };
  page(MY_APPS_PATH, showApps, takeApps);
  // In front of the pages of single apps: none of them is called that.
  read(HISTORY_PATH, showHistory);
  read(RECORDS_PATH, downloadRecords);
  page(`${MY_APPS_PATH}/:ref`, showApp, takeApp);
  accountRoutes(router, parse, parts);
  return router;
}
