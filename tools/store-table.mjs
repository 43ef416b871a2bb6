// `npm run store-table`: writes the table of keys in docs/store.md from src/store/key-table.ts. With --check it writes nothing
// and fails when the page is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';

import { keyTableText } from '../src/store/key-table.ts';
import { ROOT, fail } from './ready.mjs';

const PAGE = path.join(ROOT, 'docs', 'store.md');
const BEGIN = '<!-- Written by npm run store-table from src/store/key-table.ts. Do not edit. -->';
const END = '<!-- End of the table. -->';

const page = readFileSync(PAGE, 'utf8');
const [before, after] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
if (before < BEGIN.length || after < before) fail(`docs/store.md needs the lines ${BEGIN} and ${END}`);
const made = `${page.slice(0, before)}\n\n${keyTableText()}\n\n${page.slice(after)}`;
const fresh = await format(made, { ...(await resolveConfig(PAGE)), filepath: PAGE });
if (!process.argv.includes('--check')) writeFileSync(PAGE, fresh);
else if (fresh !== page) fail('docs/store.md is stale; run npm run store-table');
