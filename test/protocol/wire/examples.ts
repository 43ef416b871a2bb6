import { readFileSync } from 'node:fs';

/** The example messages, kept to the letter in `wire-examples.md`; what we do otherwise is listed in `deviations.ts`. */
const TEXT = readFileSync(new URL('./wire-examples.md', import.meta.url), 'utf8');

/** Where each answer of a server stands: section, and which block of the section. */
export const EXAMPLES = {
  'discovery headers': ['1', 2],
  'smart-configuration': ['1', 3],
  'backend-only configuration': ['1', 4],
  'EHR to app': ['2', 1],
  'authorize: code': ['4', 1],
  'authorize: declined': ['4', 2],
  'authorize: bad aud': ['4', 3],
  'token headers': ['6', 1],
  'standalone patient': ['6.1', 1],
  'standalone narrowed': ['6.2', 1],
  'EHR clinician': ['6.3', 1],
  'fhirContext of 2.0.0': ['6.4', 1],
  'EHR patient': ['6.5', 1],
  'clinician without patient': ['6.6', 1],
  'version one': ['6.7', 1],
  'several servers': ['6.8', 1],
  style: ['6.8', 2],
  'id token header': ['7', 1],
  'id token claims': ['7', 2],
  'openid-configuration': ['7', 3],
  refreshed: ['8', 2],
  'refresh for more': ['8', 3],
  'client keys': ['9', 1],
  'assertion header': ['9', 2],
  'assertion claims': ['9', 3],
  backend: ['9', 7],
  'introspected clinician': ['10', 2],
  'introspected patient': ['10', 3],
  'introspected backend': ['10', 4],
  inactive: ['10', 5],
  'introspection without proof': ['10', 6],
  revoked: ['11', 2],
  'refresh after revocation': ['11', 3],
  'replayed assertion': ['12', 1],
  'wrong verifier': ['12', 2],
  preflight: ['13', 2],
  'scope too narrow': ['14', 1],
  'capability statement': ['15', 1],
  'brand bundle': ['16', 1],
  'udap configuration': ['17', 1],
  'udap software statement': ['17', 2],
  'udap registration': ['17', 3],
  'udap assertion': ['17', 4],
} as const satisfies Record<string, readonly [section: string, block: number]>;

export type ExampleName = keyof typeof EXAMPLES;
type Json = Readonly<Record<string, unknown>>;

interface Block {
  readonly section: string;
  readonly number: number;
  readonly text: string;
}

/** Every block of the page, numbered within its section. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let section = '';
  for (const [, title, sub, block] of text.matchAll(/^## (\d+)\.|^\*\*(\d+\.\d+) |^```\w+\n([^]*?)^```/gm)) {
    if (block === undefined) section = title ?? sub ?? section;
    else {
      const before = blocks.filter((one) => one.section === section).length;
      blocks.push({ section, number: before + 1, text: block.trim() });
    }
  }
  return blocks;
}

const BLOCKS = blocksOf(TEXT);

/** The blocks that show what a server says; the others are what is sent to it. */
export function answerBlocks(): string[] {
  return BLOCKS.filter(({ text }) => /^(\{|HTTP\/1\.1 )/.test(text)).map(
    ({ section, number }) => `${section}/${number}`,
  );
}

export function blockText([section, number]: readonly [string, number]): string {
  const found = BLOCKS.find((one) => one.section === section && one.number === number);
  if (!found) throw new TypeError(`wire-examples.md has no block ${number} in section ${section}`);
  return found.text;
}

/** An example as it stands on the page: JSON, or an HTTP answer in the members of {@link httpAnswer}. */
export function example(name: ExampleName): Json {
  const text = blockText(EXAMPLES[name]);
  if (text.startsWith('{')) return JSON.parse(text) as Json;
  const [head = '', body = ''] = text.split('\n\n');
  const [start = '', ...lines] = head.split('\n');
  const headers = lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]);
  return httpAnswer(Number(start.split(' ')[1]), headers, body === '' ? undefined : JSON.parse(body));
}

/** An HTTP answer as plain members. The order of words in a header means nothing, and a Location is its parts. */
function httpAnswer(status: number, headers: Iterable<[string, string]>, body?: unknown): Json {
  const told = [...headers].map(
    ([name, value]) =>
      [
        name.toLowerCase(),
        name.toLowerCase() === 'location' ? partsOf(value) : value.replace(/; charset=.*/, '').split(/, */),
      ] as const,
  );
  return { status, headers: Object.fromEntries(told), ...(body === undefined ? {} : { body }) };
}

function partsOf(location: string): Json {
  const { origin, pathname, searchParams } = new URL(location);
  return { place: origin + pathname, ...Object.fromEntries(searchParams) };
}

/** An answer of ours, with as much of its headers as the example has. */
export function shown(status: number, headers: Headers, like: ExampleName, body?: unknown): Json {
  const wanted = Object.keys(example(like)['headers'] as Json);
  return httpAnswer(
    status,
    [...headers].filter(([name]) => wanted.includes(name)),
    body,
  );
}
