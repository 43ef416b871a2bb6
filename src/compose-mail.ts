import type { Logger } from 'pino';

import type { Config } from './config/index.ts';
import { createMailSender, createOutbox, type ClosableOutbox } from './mail/index.ts';

/** Joins mail with its server. Part of the composition root: see app.ts. */
export function openOutbox(mail: NonNullable<Config['mail']>, log: Logger): ClosableOutbox {
  return createOutbox({
    send: createMailSender(mail),
    onFailure: (error, isLast) =>
      log.warn({ err: error }, isLast ? 'a mail was given up' : 'a mail could not be sent yet'),
    onDropped: () => log.warn('a mail was dropped: too many wait'),
  });
}
