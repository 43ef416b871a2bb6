import { Option, type Command } from 'commander';

import { auditReceivers, type AuditReceiver } from '../compose-delivery.ts';
import type { AuditReceiverConfig } from '../config/index.ts';
import { UserError } from './explain.ts';
import { configOf, withStoreOptions, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

interface DeliveryOptions extends OfficeOptions {
  readonly again?: boolean;
}

/** Adds `audit delivery`: it works on files alone, so the server may be running or not. */
export function addDelivery(audit: Command): void {
  withStoreOptions(audit.command('delivery'))
    .description('the audit log on its way from this machine to its receivers (audit.delivery)')
    .addOption(
      new Option('--status', 'show what waits and what was set aside; the default').conflicts('again'),
    )
    .option('--again', 'have what was set aside sent once more, by the server that runs or the next one')
    .action(delivery);
}

async function delivery(options: DeliveryOptions): Promise<void> {
  const receivers = auditReceivers(await configOf(options));
  if (receivers.length === 0)
    throw new UserError('the audit log is sent to nobody; name a receiver in audit.delivery');
  for (const one of receivers) await (options.again ? sendAgain(one) : showStatus(one));
}

async function sendAgain({ receiver, track }: AuditReceiver): Promise<void> {
  const many = await track.askAgain();
  process.stdout.write(`${receiver.id}: ${many} event(s) that were set aside will be sent again\n`);
}

const whereOf = ({ fhirServer, host, port }: AuditReceiverConfig): string =>
  fhirServer === undefined ? `syslog ${host}:${port}` : `FHIR server ${fhirServer}`;

async function showStatus({ receiver, track }: AuditReceiver): Promise<void> {
  const { waiting, oldest } = await waitingOn(track);
  const [aside, again, trouble] = await Promise.all([track.aside(), track.askedAgain(), track.trouble()]);
  const lines = [
    `${receiver.id}  ${whereOf(receiver)}`,
    `waiting    ${waiting}${oldest === undefined ? '' : `, the oldest since ${oldest}`}`,
    ...(again.length > 0 ? [`again      ${again.length}, to be sent once more`] : []),
    `set aside  ${aside.length}`,
    ...(trouble ? [`trouble    since ${trouble.since}: ${trouble.reason}`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (aside.length === 0) return;
  const rows = aside.map(({ record: { events }, status, reason, at }) => {
    const [first] = events;
    return [at.slice(0, 19), `AuditEvent/${first?.event.id}`, first?.chain ?? '', String(status), reason];
  });
  process.stdout.write(`\n${table(['SET ASIDE', 'EVENT', 'CHAIN', 'STATUS', 'WHY'], rows)}`);
  process.stdout.write('when the receiver takes them: gatehouse audit delivery --again\n');
}

/** Of what can be read at once; a receiver that was away for long has more. */
async function waitingOn(track: AuditReceiver['track']): Promise<{ waiting: string; oldest?: string }> {
  const events: { readonly recorded: string }[] = [];
  let more = false;
  for await (const chain of track.everybody()) {
    const waiting = await track.waitingOf(chain);
    const found = waiting.flatMap(({ record }) => record?.events.map(({ event }) => event) ?? []);
    events.push(...found);
    more ||= waiting.length > MANY_BATCHES;
  }
  const [oldest] = events.map(({ recorded }) => recorded).toSorted();
  const waiting = `${events.length}${more ? ' or more' : ''}`;
  return { waiting, ...(oldest === undefined ? {} : { oldest }) };
}

/** So many are read of a chain at once, about. */
const MANY_BATCHES = 15;
