import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

const FOLDER = path.resolve('docs/images/screens');
const SOURCES = path.join(FOLDER, 'sources.json');

/** Pictures of the screens, below docs/images/screens. */
export interface Pictures {
  /** Draws the page as it stands, where what it is made from has changed since it was last drawn. */
  take(name: string, source: string, page: Page): Promise<void>;
  /** Forgets the pictures of screens that are not there any more. */
  finish(): void;
}

/**
 * What a picture is made from decides, and not its pixels: other fonts and another Chromium draw a little differently, and a
 * test run changes no picture because of that. `PICTURES=all` draws all of them.
 */
export function createPictures(): Pictures {
  mkdirSync(FOLDER, { recursive: true });
  const known = existsSync(SOURCES)
    ? (JSON.parse(readFileSync(SOURCES, 'utf8')) as Record<string, string>)
    : {};
  const sources: Record<string, string> = {};
  return {
    async take(name, source, page) {
      const digest = createHash('sha256').update(source).digest('base64url').slice(0, 16);
      const file = path.join(FOLDER, `${name}.png`);
      sources[name] = digest;
      if (known[name] === digest && existsSync(file) && process.env['PICTURES'] !== 'all') return;
      const drawn = await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide' });
      if (!existsSync(file) || !readFileSync(file).equals(drawn)) writeFileSync(file, drawn);
    },
    finish() {
      for (const file of readdirSync(FOLDER))
        if (file.endsWith('.png') && !(path.parse(file).name in sources)) rmSync(path.join(FOLDER, file));
      const sorted = Object.fromEntries(
        Object.entries(sources).toSorted(([one], [other]) => one.localeCompare(other)),
      );
      writeFileSync(SOURCES, `${JSON.stringify(sorted, null, 2)}\n`);
    },
  };
}
