import { account } from './account.ts';
import { consent } from './consent.ts';
import { errors } from './errors.ts';
import { factors } from './factors.ts';
import { kinds } from './kinds.ts';
import { myApps } from './my-apps.ts';
import { screens } from './screens.ts';

/** British dates and lists: `20 March 2008`, `see, add and change`. */
export const en = {
  tag: 'en',
  locale: 'en-GB',
  name: 'English',
  messages: { ...screens, ...consent, ...errors, ...myApps, ...factors, ...account, ...kinds },
} as const;
