import { getCACertificates } from 'node:tls';
import { createTransport } from 'nodemailer';

import type { Config } from '../config/index.ts';
import type { Mail } from '../identity/index.ts';

/** Resolves when the SMTP server has taken it. */
export type SendMail = (mail: Mail) => Promise<void>;

const PATIENCE_MS = 10_000;

/** Sends over TLS 1.2 or later, insisted on before anything is said; in the clear on this machine only. */
export function createMailSender({
  host,
  port,
  security,
  certificate,
  user,
  password,
  from,
}: NonNullable<Config['mail']>): SendMail {
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls' },
    ignoreTLS: security === 'none',
    tls: {
      minVersion: 'TLSv1.2',
      ...(certificate === undefined ? {} : { ca: [...getCACertificates('default'), certificate] }),
    },
    ...(user === undefined || !password ? {} : { auth: { user, pass: password.reveal() } }),
    ...{ connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS },
    ...{ dnsTimeout: PATIENCE_MS, disableFileAccess: true, disableUrlAccess: true },
  });
  return async ({ to, subject, text, html }) => {
    await transport.sendMail({
      // As an address, and never as a list of them.
      ...{ from, to: { name: '', address: to }, subject, text },
      ...(html === undefined ? {} : { html }),
    });
  };
}
