import { appendFileSync, readFileSync } from 'node:fs';

import type { DemoResource } from '../data/fhir.ts';

/** What the server holds: the synthetic data, and what was written to it. */
export interface Shelf {
  all(): readonly DemoResource[];
  find(resourceType: string, id: string): DemoResource | undefined;
  /** All of them or none; each gets the version after the one that is there. Returns what is there now. */
  put(resources: readonly DemoResource[]): readonly DemoResource[];
}

/** @param file where what is written is kept, a resource a line; default: in memory */
export function createShelf(made: readonly DemoResource[], file?: string): Shelf {
  const written = new Map<string, DemoResource>(
    file === undefined ? [] : linesOf(file).map((resource) => [nameOf(resource), resource]),
  );
  const find = (resourceType: string, id: string): DemoResource | undefined =>
    written.get(`${resourceType}/${id}`) ??
    made.find((one) => one.resourceType === resourceType && one.id === id);
  return {
    find,
    all: () => [...made.filter((one) => !written.has(nameOf(one))), ...written.values()],
    put(resources) {
      const lastUpdated = new Date().toISOString();
      const stored = resources.map((one) => {
        const before = Number(find(one.resourceType, one.id)?.meta.versionId ?? 0);
        return { ...one, meta: { ...one.meta, versionId: String(before + 1), lastUpdated } };
      });
      if (file !== undefined)
        appendFileSync(file, stored.map((one) => `${JSON.stringify(one)}\n`).join(''), { mode: 0o600 });
      for (const one of stored) written.set(nameOf(one), one);
      return stored;
    },
  };
}

const nameOf = ({ resourceType, id }: DemoResource): string => `${resourceType}/${id}`;

function linesOf(file: string): DemoResource[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as DemoResource);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
