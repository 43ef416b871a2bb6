import { createHash } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';

import type { DueAccess, DueList } from '../records/index.ts';
import { namesIn, readWhole, writeWhole } from './whole-file.ts';

/**
 * A folder for each day (UTC), and in it a file for each access that may run out then:
 *
 *     <dataDir>/due/2026-12-25/1798156800-5f3a….json
 */
export function createDueList(dataDir: string): DueList {
  const folder = path.resolve(dataDir, 'due');
  const fileOf = ({ accountId, reference, at }: DueAccess): string => {
    const name = createHash('sha256')
      .update(JSON.stringify([accountId, reference]))
      .digest('hex');
    return path.join(folder, dayOf(at), `${at}-${name.slice(0, 32)}.json`);
  };
  return {
    put: (due) => writeWhole(fileOf(due), JSON.stringify(due)),
    async until(now) {
      const found: DueAccess[] = [];
      for (const day of (await namesIn(folder)).filter((name) => name <= dayOf(now)))
        for (const name of await namesIn(path.join(folder, day))) {
          const due = isDue(name, now) ? await readWhole(path.join(folder, day, name)) : undefined;
          if (due !== undefined) found.push(due as DueAccess);
        }
      return found;
    },
    async done(due) {
      await rm(fileOf(due), { force: true });
      // The last of a day takes the day with it.
      await rmdir(path.join(folder, dayOf(due.at))).catch(() => undefined);
    },
  };
}

const dayOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);

function isDue(name: string, now: number): boolean {
  return name.endsWith('.json') && Number(name.split('-')[0]) <= now;
}
