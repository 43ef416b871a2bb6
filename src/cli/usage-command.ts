import { Command } from 'commander';

import { scopesInUse, type UsageRecord } from '../usage/index.ts';
import { inOffice, withStoreOptions, type Office, type OfficeOptions } from './office.ts';
import { table } from './table.ts';

export function usageCommand(): Command {
  const usage = new Command('usage').description(
    'what was done with what was granted, as FHIR servers report it',
  );
  withStoreOptions(usage.command('scopes'))
    .description('which granted scopes of a client are used, and which letters of them never')
    .requiredOption('--client <client_id>')
    .action((options: OfficeOptions & { client: string }) =>
      inOffice(options, (office) => scopes(options.client, office)),
    );
  return usage;
}

async function scopes(clientId: string, { grantList, usage }: Office): Promise<void> {
  const grants = await grantList({ clientId });
  const inUse = await Promise.all(
    grants.map(async ({ grantId, scope }) => ({ scope, usage: await usage.of(grantId) })),
  );
  const reported = inUse.filter((grant) => grant.usage.entries.length > 0).length;
  const rows = scopesInUse(inUse).map((one) => [
    one.scope,
    `${one.usedIn}/${one.grants}`,
    one.neverUsed || '-',
    one.last === undefined ? 'never' : timeOf(one.last),
  ]);
  process.stdout.write(`use was reported for ${reported} of ${grants.length} living grants\n`);
  if (rows.length > 0) process.stdout.write(table(['SCOPE', 'USED IN', 'NEVER USED', 'LAST'], rows));
}

/** What was done with one grant, as a table. */
export function usageTable({ entries, other }: UsageRecord): string {
  if (entries.length === 0) return 'nobody reported any use\n';
  const rows = entries.map(({ interaction, resourceType, count, first, last, by }) => [
    interaction,
    resourceType,
    String(count),
    timeOf(first),
    timeOf(last),
    by,
  ]);
  const more = other > 0 ? `and ${other} times something else\n` : '';
  return table(['INTERACTION', 'TYPE', 'COUNT', 'FIRST', 'LAST', 'FHIR SERVER'], rows) + more;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
