/** Each screen and state as axe sees it, on a telephone and at a desk, in light and dark; and its pictures. */
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { createPictures } from '../support/pictures.ts';
import { viewPages } from '../support/view-pages.ts';
import { screens } from './samples.ts';

const LOOKS = [
  { colorScheme: 'light', width: 360, isDrawn: false },
  { colorScheme: 'dark', width: 360, isDrawn: true },
  { colorScheme: 'light', width: 1280, isDrawn: true },
  { colorScheme: 'dark', width: 1280, isDrawn: false },
] as const;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const { open, render } = viewPages();
const pictures = createPictures();
const css = readFileSync('views/assets/gatehouse.css', 'utf8');
let [begun, seen] = [0, 0];
afterAll(() => {
  // A run of some of them knows nothing of the others.
  if (begun === screens.length && seen === screens.length) pictures.finish();
});

test.each(screens)(
  '[WCAG] $screen passes axe at 360 px and 1280 px, each in light and dark',
  async ({ screen, template, data }) => {
    begun += 1;
    await open(
      template,
      data,
      async ({ page }) => {
        for (const { colorScheme, width, isDrawn } of LOOKS) {
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          const name = `${screen.replaceAll(/[^a-z0-9]+/gi, '-')}-${width}-${colorScheme}`;
          if (isDrawn) await pictures.take(name, `${render(template, data)}\n${css}`, page);
          // A closed disclosure hides its content from axe as well.
          await page.evaluate(() => {
            for (const details of document.querySelectorAll('details'))
              details.dataset['was'] ??= String(details.open);
            for (const details of document.querySelectorAll('details')) details.open = true;
          });
          // These pages have no frames, and so need no second page to gather what is found in them.
          const axe = new AxeBuilder({ page }).withTags(TAGS).setLegacyMode();
          const { violations, passes } = await axe.analyze();
          const found = violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) }));
          expect({ colorScheme, width, found }).toEqual({ colorScheme, width, found: [] });
          expect(passes.map(({ id }) => id)).toContain('color-contrast');
          await page.evaluate(() => {
            for (const details of document.querySelectorAll('details'))
              details.open = details.dataset['was'] === 'true';
          });
        }
      },
      { reducedMotion: 'reduce' },
    );
    seen += 1;
  },
);
