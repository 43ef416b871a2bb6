import { Option, type Command } from 'commander';

import { pushedServers, type PushedServer } from '../compose-push.ts';
import { UserError } from './explain.ts';
import { configOf, withStoreOptions, type OfficeOptions } from './office.ts';
import { sendAsideAgain, showReceiver } from './receiver.ts';

interface PushOptions extends OfficeOptions {
  readonly again?: boolean;
}

/** Adds `consent push`: it works on files alone, so the server may be running or not. */
export function addPush(consent: Command): void {
  withStoreOptions(consent.command('push'))
    .description('records on their way from this machine to FHIR servers (records.push)')
    .addOption(
      new Option('--status', 'show what waits and what was set aside; the default').conflicts('again'),
    )
    .option('--again', 'have what was set aside sent once more, by the server that runs or the next one')
    .action(push);
}

async function push(options: PushOptions): Promise<void> {
  const servers = pushedServers(await configOf(options));
  if (servers.length === 0)
    throw new UserError('records are sent to no FHIR server; name one in records.push');
  for (const one of servers)
    await (options.again ? sendAsideAgain(one.server.id, one.track, 'record(s)') : showStatus(one));
}

async function showStatus({ server, track }: PushedServer): Promise<void> {
  const { waiting, oldest } = await waitingOn(track);
  await showReceiver({
    ...{ id: server.id, where: server.url, track, waiting: String(waiting), oldest },
    headings: ['REFERENCE', 'CONSENT'],
    cellsOf: ({ consent }) => [consent.identifier[0]?.value ?? '-', `Consent/${consent.id}`],
    whenTaken: 'when the FHIR server takes them: gatehouse consent push --again',
  });
}

async function waitingOn(track: PushedServer['track']): Promise<{ waiting: number; oldest?: string }> {
  const times: string[] = [];
  for await (const name of track.everybody())
    for (const { record } of await track.waitingOf(name)) if (record) times.push(record.consent.dateTime);
  const [oldest] = times.toSorted();
  return { waiting: times.length, ...(oldest === undefined ? {} : { oldest }) };
}
