import { readFileSync } from 'node:fs';

/** The cells of each row of the tables of a page, their headings included. */
export function rowsOf(page: string): string[][] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** Of SP 800-53: `AU-9`, `AU-9(3)`. */
export const CONTROLS = /^[A-Z]{2}-\d+(\(\d+\))?(, [A-Z]{2}-\d+(\(\d+\))?)*$/;
