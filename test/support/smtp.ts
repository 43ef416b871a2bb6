import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import type { TestCertificate } from './certificate.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly isSecure: boolean;
  readonly user: string;
}

export interface SmtpReceiver {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** What the next mails are answered with instead of being taken: an SMTP code each. */
  readonly refusals: number[];
  close(): Promise<void>;
}

export interface SmtpOptions {
  /** Absent: no TLS at all. */
  readonly certificate?: TestCertificate;
  /** TLS from the first byte. */
  readonly secure?: boolean;
  readonly maxVersion?: 'TLSv1.1';
  readonly user?: string;
  readonly password?: string;
}

/** A real SMTP server on loopback that keeps what it is sent. */
export async function startSmtp(options: SmtpOptions = {}): Promise<SmtpReceiver> {
  const { certificate, secure = false, maxVersion, user, password } = options;
  const received: ReceivedMail[] = [];
  const refusals: number[] = [];
  const server = new SMTPServer({
    ...{ secure, authOptional: user === undefined, allowInsecureAuth: false },
    ...(certificate
      ? { cert: certificate.certificate, key: certificate.key }
      : { disabledCommands: ['STARTTLS'] }),
    // Old ciphers too: what refuses an old version has to be the client.
    ...(maxVersion ? { maxVersion, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    onAuth({ username, password: sent }, _session, done) {
      if (username === user && sent === password) done(null, { user: username });
      else done(new Error('who are you'));
    },
    onData(stream, session, done) {
      void text(stream).then((body) => {
        const refusal = refusals.shift();
        if (refusal !== undefined)
          return done(Object.assign(new Error('not now'), { responseCode: refusal }));
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          to: rcptTo.map(({ address }) => address),
          ...{ text: body, isSecure: session.secure, user: String(session.user ?? '') },
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => listening.once('listening', resolve));
  const address = listening.address();
  return {
    ...{ received, refusals, port: typeof address === 'object' && address ? address.port : 0 },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
