import { Option, type Command } from 'commander';

import { auditReceivers, type AuditReceiver } from '../compose-delivery.ts';
import type { AuditReceiverConfig } from '../config/index.ts';
import { UserError } from './explain.ts';
import { configOf, withStoreOptions, type OfficeOptions } from './office.ts';
import { sendAsideAgain, showReceiver } from './receiver.ts';

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
  for (const one of receivers)
    await (options.again ? sendAsideAgain(one.receiver.id, one.track, 'event(s)') : showStatus(one));
}

const whereOf = ({ fhirServer, host, port }: AuditReceiverConfig): string =>
  fhirServer === undefined ? `syslog ${host}:${port}` : `FHIR server ${fhirServer}`;

async function showStatus({ receiver, track }: AuditReceiver): Promise<void> {
  await showReceiver({
    ...{ id: receiver.id, where: whereOf(receiver), track },
    ...(await waitingOn(track)),
    headings: ['EVENT', 'CHAIN'],
    cellsOf: ({ events: [first] }) => [`AuditEvent/${first?.event.id}`, first?.chain ?? ''],
    whenTaken: 'when the receiver takes them: gatehouse audit delivery --again',
  });
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
