import { Option, type Command } from 'commander';

import { pushedServers, type PushedServer } from '../compose-push.ts';
import { UserError } from './explain.ts';
import { configOf, withStoreOptions, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

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
  if (options.again) for (const one of servers) await sendAgain(one);
  else for (const one of servers) await showStatus(one);
}

async function sendAgain({ server, track }: PushedServer): Promise<void> {
  const many = await track.askAgain();
  process.stdout.write(`${server.id}: ${many} record(s) that were set aside will be sent again\n`);
}

async function showStatus({ server, track }: PushedServer): Promise<void> {
  const { waiting, oldest } = await waitingOn(track);
  const [aside, again, trouble] = await Promise.all([track.aside(), track.askedAgain(), track.trouble()]);
  const lines = [
    `${server.id}  ${server.url}`,
    `waiting    ${waiting}${oldest === undefined ? '' : `, the oldest since ${oldest}`}`,
    ...(again.length > 0 ? [`again      ${again.length}, to be sent once more`] : []),
    `set aside  ${aside.length}`,
    ...(trouble ? [`trouble    since ${trouble.since}: ${trouble.reason}`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (aside.length === 0) return;
  const rows = aside.map(({ record: { consent }, status, reason, at }) => [
    ...[
      at.slice(0, 19),
      consent.identifier[0]?.value ?? '-',
      `Consent/${consent.id}`,
      String(status),
      reason,
    ],
  ]);
  process.stdout.write(`\n${table(['SET ASIDE', 'REFERENCE', 'CONSENT', 'STATUS', 'WHY'], rows)}`);
  process.stdout.write('when the FHIR server takes them: gatehouse consent push --again\n');
}

async function waitingOn(track: PushedServer['track']): Promise<{ waiting: number; oldest?: string }> {
  const times: string[] = [];
  for await (const name of track.everybody())
    for (const { record } of await track.waitingOf(name)) if (record) times.push(record.consent.dateTime);
  const [oldest] = times.toSorted();
  return { waiting: times.length, ...(oldest === undefined ? {} : { oldest }) };
}
