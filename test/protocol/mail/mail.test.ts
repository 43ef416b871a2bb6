import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { configSchema, type ConfigInput } from '../../../src/config/index.ts';
import { createMailSender, createOutbox } from '../../../src/mail/index.ts';
import { until } from '../../support/app.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';
import { FHIR, STORE_SECRET } from '../../support/gatehouse.ts';
import { startSmtp, type SmtpOptions, type SmtpReceiver } from '../../support/smtp.ts';

const MAIL = { to: 'dora@clinic.example', subject: 'Your code', text: 'It is 1234 5678.' };
const NO_WAIT = [1, 1, 1];

let certificate: TestCertificate;
let smtp: SmtpReceiver | undefined;
beforeAll(async () => {
  certificate = await makeCertificate(['localhost']);
});
afterEach(() => smtp?.close());

async function receiver(options: SmtpOptions = {}): Promise<SmtpReceiver> {
  smtp = await startSmtp(options);
  return smtp;
}

function senderTo(port: number, more: Partial<NonNullable<ConfigInput['mail']>> = {}) {
  const { mail } = configSchema.parse({
    issuer: 'http://localhost:3000',
    secrets: { store: STORE_SECRET, cookies: [STORE_SECRET] },
    fhirServers: [{ id: 'main', url: FHIR }],
    mail: { host: 'localhost', port, from: 'gatehouse@clinic.example', ...more },
  });
  return createMailSender(mail!);
}

describe('an SMTP server', () => {
  test('with STARTTLS: nothing is said before it is encrypted, user and password neither', async () => {
    const { port, received } = await receiver({ certificate, user: 'gate', password: 'hard to guess' });
    const send = senderTo(port, {
      ...{ certificate: certificate.authority, user: 'gate', password: 'hard to guess' },
    });
    await send({ ...MAIL, html: '<p>It is <b>1234 5678</b>.</p>' });
    expect(received).toMatchObject([
      { from: 'gatehouse@clinic.example', to: [MAIL.to], isSecure: true, user: 'gate' },
    ]);
    expect(received[0]?.text).toMatch(/^Subject: Your code\r$/m);
    expect(received[0]?.text).toContain('It is 1234 5678.');
    expect(received[0]?.text).toContain('text/html');
  });

  test('with TLS from the first byte', async () => {
    const { port, received } = await receiver({ certificate, secure: true });
    await senderTo(port, { certificate: certificate.authority, security: 'tls' })(MAIL);
    expect(received).toMatchObject([{ to: [MAIL.to], isSecure: true }]);
  });

  test('in the clear, on this machine, where that is said', async () => {
    const { port, received } = await receiver();
    await senderTo(port, { security: 'none' })(MAIL);
    expect(received).toMatchObject([{ to: [MAIL.to], isSecure: false }]);
  });

  test('that offers no TLS, is somebody else, or speaks an old version, gets nothing', async () => {
    const plain = await receiver();
    await expect(senderTo(plain.port)(MAIL)).rejects.toThrow(/STARTTLS/);
    expect(plain.received).toEqual([]);
    await plain.close();
    const stranger = await receiver({ certificate });
    await expect(senderTo(stranger.port)(MAIL)).rejects.toThrow(/certificate/);
    expect(stranger.received).toEqual([]);
    await stranger.close();
    const old = await receiver({ certificate, secure: true, maxVersion: 'TLSv1.1' });
    const send = senderTo(old.port, { certificate: certificate.authority, security: 'tls' });
    await expect(send(MAIL)).rejects.toThrow(/protocol|version/i);
    expect(old.received).toEqual([]);
  });

  test('gets one address and one subject, whatever is in them', async () => {
    const { port, received } = await receiver();
    const send = senderTo(port, { security: 'none' });
    await send({ ...MAIL, subject: 'Code\r\nBcc: eve@evil.example' });
    await send({ ...MAIL, to: 'a@x.example, eve@evil.example' }).catch(() => undefined);
    expect(received.flatMap(({ to }) => to)).not.toContain('eve@evil.example');
    expect(received[0]?.text).not.toMatch(/^Bcc:/m);
  });

  test.each([
    ['in the clear elsewhere', { host: 'mail.example', security: 'none' }, /localhost only/],
    ['a user without a password', { user: 'gate' }, /both or neither/],
    ['a sender that is no address', { from: 'Gatehouse' }, /e-mail address/],
  ] as const)('%s is no configuration', (_what, more, said) => {
    expect(() => senderTo(25, more)).toThrow(said);
  });
});

describe('the outbox', () => {
  function outboxTo(port: number, more: { readonly places?: number } = {}) {
    const failures: boolean[] = [];
    let dropped = 0;
    const outbox = createOutbox({
      ...{ send: senderTo(port, { security: 'none' }), waitsMs: NO_WAIT, ...more },
      onFailure: (_error, isLast) => failures.push(isLast),
      onDropped: () => (dropped += 1),
    });
    return { outbox, failures, dropped: () => dropped };
  }

  test('[A075] returns before anything is looked up, and writes to nobody where there is nobody', async () => {
    const { port, received } = await receiver();
    const { outbox } = outboxTo(port);
    let looked = 0;
    for (const mail of [undefined, MAIL, undefined])
      outbox.post(async () => {
        looked += 1;
        return mail;
      });
    expect(looked).toBe(0);
    await until(() => received.length === 1, 'it was sent');
    expect([looked, received.length]).toEqual([3, 1]);
  });

  test('tries a server again that cannot now, gives up in the end, and at once where it never will', async () => {
    const { port, received, refusals } = await receiver();
    const { outbox, failures } = outboxTo(port);
    refusals.push(451, 451);
    outbox.post(async () => MAIL);
    await until(() => received.length === 1, 'it was sent');
    expect(failures.splice(0)).toEqual([false, false]);
    refusals.push(451, 451, 451, 451);
    outbox.post(async () => MAIL);
    await until(() => failures.includes(true), 'it was given up');
    expect(failures.splice(0)).toEqual([false, false, false, true]);
    refusals.push(550);
    outbox.post(async () => MAIL);
    await until(() => failures.length > 0, 'it was given up');
    expect(failures.splice(0)).toEqual([true]);
    outbox.post(() => Promise.reject(new Error('the store is away')));
    await until(() => failures.length > 0, 'it was given up');
    expect([failures, received.length]).toEqual([[true], 1]);
  });

  test('holds so many, drops more, and sends what waits before it closes', async () => {
    const { port, received } = await receiver();
    const { outbox, dropped } = outboxTo(port, { places: 3 });
    for (let at = 0; at < 5; at += 1) outbox.post(async () => ({ ...MAIL, subject: `Code ${at}` }));
    expect(dropped()).toBe(2);
    await outbox.close(5000);
    expect(received.map(({ text }) => /Code \d/.exec(text)?.[0]).toSorted()).toEqual([
      'Code 0',
      'Code 1',
      'Code 2',
    ]);
    outbox.post(async () => MAIL);
    expect(dropped()).toBe(3);
  });
});
