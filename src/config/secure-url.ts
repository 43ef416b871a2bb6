import { z } from 'zod';

import { isLoopback } from '../clients/index.ts';

/** `https://…`, or `http://` on localhost only, to the letter: tokens never travel in the clear (GEN-01, GEN-03). */
export const secureAddress = z.string().superRefine((text, check) => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || /\s/.test(text)) {
    check.addIssue({ code: 'custom', message: 'must be an absolute URL such as https://auth.example.org' });
  } else if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    check.addIssue({ code: 'custom', message: 'must use https; plain http is accepted on localhost only' });
  } else if (/[?#]/.test(text) || url.username || url.password) {
    check.addIssue({ code: 'custom', message: 'must have no query, fragment or user name' });
  }
});

/** The same, and a slash at its end says nothing. */
export const secureUrl = secureAddress.transform((text) => text.replace(/\/$/, ''));
