import { account } from './account.ts';
import { consent } from './consent.ts';
import { errors } from './errors.ts';
import { factors } from './factors.ts';
import { kinds } from './kinds.ts';
import { myApps } from './my-apps.ts';
import { screens } from './screens.ts';

/** Spanish, to people as “usted”. */
export const es = {
  tag: 'es',
  locale: 'es',
  name: 'Español',
  messages: { ...screens, ...consent, ...errors, ...myApps, ...factors, ...account, ...kinds },
} as const;
