import path from 'node:path';
import { z } from 'zod';

import { readWhole, writeWhole } from './whole-file.ts';

const seen = z.record(z.string(), z.string());

/** What each section of the configuration was at the last start, as a keyed hash, in `<dataDir>/audit/settings.json`. */
export interface SettingsFile {
  /** `undefined`: this is the first start. */
  read(): Promise<Readonly<Record<string, string>> | undefined>;
  write(sections: Readonly<Record<string, string>>): Promise<void>;
}

export function createSettingsFile(dataDir: string): SettingsFile {
  const file = path.resolve(dataDir, 'audit', 'settings.json');
  return {
    async read() {
      const parsed = seen.safeParse(await readWhole(file));
      return parsed.success ? parsed.data : undefined;
    },
    write: (sections) => writeWhole(file, `${JSON.stringify(sections, null, 2)}\n`),
  };
}
