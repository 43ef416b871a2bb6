import { rename, rm } from 'node:fs/promises';
import path from 'node:path';

import type { SetAside, Track, Trouble } from '../push/index.ts';
import { makeFolder } from './append.ts';
import { namesIn, readWhole, writeWhole } from './whole-file.ts';

/**
 * What a receiver refused, and how it is, below a folder of its own:
 *
 *     aside/<name>.json   what it refused, and why
 *     again/<name>.json   the same, to be tried once more
 *     trouble.json        since when it cannot be reached, and why
 *
 * @param nameOf names the file of an item
 * @param atOf what they are ordered by: an ISO 8601 moment
 */
export function createSetAside<Item>(
  folder: string,
  nameOf: (item: Item) => string,
  atOf: (item: Item) => string,
): Omit<Track<Item>, 'everybody' | 'waitingOf' | 'reach'> {
  const [asideIn, againIn] = [path.join(folder, 'aside'), path.join(folder, 'again')];
  const troubleFile = path.join(folder, 'trouble.json');
  const fileOf = ({ record }: SetAside<Item>): string => `${nameOf(record)}.json`;
  const keptIn = async (where: string): Promise<SetAside<Item>[]> => {
    const names = (await namesIn(where)).filter((name) => name.endsWith('.json'));
    const found = await Promise.all(names.map((name) => readWhole(path.join(where, name))));
    const kept = found.filter((one) => one !== undefined) as SetAside<Item>[];
    return kept.toSorted((one, other) => atOf(one.record).localeCompare(atOf(other.record)));
  };
  return {
    async setAside(refused) {
      await writeWhole(path.join(asideIn, fileOf(refused)), JSON.stringify(refused));
      await rm(path.join(againIn, fileOf(refused)), { force: true });
    },
    aside: () => keptIn(asideIn),
    async askAgain() {
      const refused = await keptIn(asideIn);
      await makeFolder(againIn);
      for (const one of refused)
        await rename(path.join(asideIn, fileOf(one)), path.join(againIn, fileOf(one)));
      return refused.length;
    },
    askedAgain: () => keptIn(againIn),
    settle: (one) => rm(path.join(againIn, fileOf(one)), { force: true }),
    async note(trouble) {
      if (trouble) await writeWhole(troubleFile, JSON.stringify(trouble));
      else await rm(troubleFile, { force: true });
    },
    trouble: async () => (await readWhole(troubleFile)) as Trouble | undefined,
  };
}
