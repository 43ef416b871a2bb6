/**
 * Mail that leaves the house: one connection to an SMTP server, and an outbox that nobody waits for. Knows neither what is
 * written nor to whom. Called where codes are sent.
 */
export { createOutbox, type ClosableOutbox, type OutboxOptions } from './outbox.ts';
export { createMailSender, type SendMail } from './smtp.ts';
