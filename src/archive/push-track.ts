import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { Marks, Place, Track } from '../push/index.ts';
import { fhirServerOf, type KeptRecord } from '../records/index.ts';
import { FILE_MODE, makeFolder } from './append.ts';
import { FOLDER } from './file-archive.ts';
import { createSetAside } from './set-aside.ts';
import { hasMore, unsentIn } from './unsent.ts';
import { namesIn, readWhole, writeWhole } from './whole-file.ts';

const PUSH_FOLDER = 'push';

/** Names of whom something was kept, as files; only a hint, so that nothing waits for the disk. */
export interface FileMarks extends Marks {
  put(name: string): Promise<void>;
}

export function createMarks(dataDir: string): FileMarks {
  const folder = path.resolve(dataDir, PUSH_FOLDER, 'marks');
  return {
    async put(name) {
      await makeFolder(folder);
      await writeFile(path.join(folder, name), '', { mode: FILE_MODE });
    },
    async take() {
      const names = await namesIn(folder);
      // Taken away before anybody looks: who is marked meanwhile is marked again.
      for (const name of names) await rm(path.join(folder, name), { force: true });
      return names;
    },
  };
}

/** Where the lock of the one process lies that sends. */
export const senderLockIn = (dataDir: string): string => path.resolve(dataDir, PUSH_FOLDER, 'sender.lock');

/**
 * What one FHIR server has been sent, beside the archive:
 *
 *     <dataDir>/push/to/main/reached/Qx/Qx0b….json    how far each file of one person has been sent
 *     <dataDir>/push/to/main/aside/<provenance>.json  a record that it refused, and why
 *     <dataDir>/push/to/main/again/<provenance>.json  the same, to be tried once more
 *     <dataDir>/push/to/main/trouble.json             since when it cannot be reached, and why
 */
export function createTrack(
  dataDir: string,
  server: { readonly id: string; readonly url: string },
): Track<KeptRecord> {
  const records = path.resolve(dataDir, FOLDER);
  const folder = path.resolve(dataDir, PUSH_FOLDER, 'to', server.id);
  const recordsOf = (name: string): string => path.join(records, name.slice(0, 2), name);
  const reachedFile = (name: string): string =>
    path.join(folder, 'reached', name.slice(0, 2), `${name}.json`);
  const reachedOf = async (name: string): Promise<Place> =>
    ((await readWhole(reachedFile(name))) ?? {}) as Place;
  return {
    async *everybody() {
      for (const group of await namesIn(records))
        for (const name of await namesIn(path.join(records, group)))
          if (await hasMore(recordsOf(name), await reachedOf(name))) yield name;
    },
    async waitingOf(name) {
      const unsent = await unsentIn(recordsOf(name), await reachedOf(name));
      return unsent.map(({ record, reaches }) =>
        fhirServerOf(record.consent) === server.url ? { record, reaches } : { reaches },
      );
    },
    reach: (name, place) => writeWhole(reachedFile(name), JSON.stringify(place)),
    ...createSetAside<KeptRecord>(
      folder,
      ({ provenance }) => provenance.id,
      ({ consent }) => consent.dateTime,
    ),
  };
}
