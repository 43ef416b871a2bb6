import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

import { LANGUAGES, createLanguage, filesOf, type MessageFile } from '../../../src/language/index.ts';
import { fernandezHuerta, fleschKincaidGrade, spanishSyllables } from '../../support/readability.ts';

const files = filesOf(LANGUAGES);
const [english, spanish] = files as [MessageFile, MessageFile];
const others = files.slice(1);

const valuesIn = (text: string) => [...new Set(text.match(/\{\w+(?=[,}])/g) ?? [])].sort();
const marks = (text: string) => (text.match(/<\/?\w+>/g) ?? []).toSorted();

describe.each(others.map((file) => [file.name, file] as const))('%s', (_name, { messages }) => {
  test('says all that English says, filled with the same and marked the same', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(english.messages).sort());
    for (const [key, text] of Object.entries(english.messages)) {
      const translated = messages[key as keyof typeof messages];
      expect({ key, filled: valuesIn(translated) }).toEqual({ key, filled: valuesIn(text) });
      expect({ key, marked: marks(translated) }).toEqual({ key, marked: marks(text) });
    }
  });

  test('is no copy of the English text', () => {
    const same = Object.entries(messages).filter(
      ([key, text]) => /[a-z]{4}/.test(text) && english.messages[key as keyof typeof messages] === text,
    );
    expect(same.map(([key]) => key)).toEqual(['page.error', 'error.code']);
  });
});

test.each(files)(
  '$name: every message is an ICU message with marks we draw, and no markup of its own',
  (file) => {
    const language = createLanguage(file);
    const drawn = { b: String, bdi: String, ltr: String, hidden: String };
    for (const [key, text] of Object.entries(file.messages)) {
      const values = Object.fromEntries(valuesIn(text).map((name) => [name.slice(1), 2]));
      expect(language.draw(key as keyof typeof file.messages, values, drawn)).not.toMatch(/[{}<>&]/);
    }
  },
);

test('[A081] what templates say is in the messages, and every message is said somewhere', () => {
  const sources = [...sourcesIn('views', '.eta'), ...sourcesIn('src', '.ts')].join('\n');
  const said = [...sources.matchAll(/(?:say|html)\(\s*'([\w.-]+)'/g)].map(([, key]) => key ?? '');
  expect(said.filter((key) => !Object.hasOwn(english.messages, key))).toEqual([]);
  const named = new Set([...sources.matchAll(/'([\w.-]+)'/g)].map(([, key]) => key));
  const built =
    /^(kind|category|acting-for\.|sensitive\.|second-step\.(ask|use)-|account\.done-|mail\.(sign-in|password|address)$|password\.(too|breached)|group|refusal|problem|error\.\w+\.|patient\.|offer\.|[\w-]+\.title$|my-history\.(granted|changed|stopped|expired|refused|withdrawn)$|my-history\.why-)/;
  const unsaid = Object.keys(english.messages).filter((key) => !named.has(key) && !built.test(key));
  expect(unsaid).toEqual([]);
});

function* sourcesIn(folder: string, ending: string): Generator<string> {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith(ending) && !/^language.(en|es)/.test(file))
      yield readFileSync(`${folder}/${file}`, 'utf8');
  }
}

/** What stands on the consent screen, as sentences of their own. */
function sentences({ messages }: MessageFile, of: RegExp): string[] {
  return Object.entries(messages)
    .filter(([key]) => of.test(key))
    .map(([, text]) =>
      text
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll(/\{(\w+), plural, one \{[^}]*\} other \{([^}]*)\}\}/g, '$2')
        .replaceAll(/\{\w+\}|#/g, ''),
    )
    .flatMap((text) => text.split(/(?<=[.?!:;])\s+/))
    .filter((text) => /\p{L}/u.test(text));
}

const SCOPES = /^(kind|category|offer|group|scope|verb)\./;
const PARTS = [
  /^consent\./,
  /^(access|duration)\./,
  /^(offer|group|scope|verb)\./,
  /^my-app/,
  /^(second-step|set-up|printed|passkey|new-passkey)/,
  /^(account|password|change-password|new-codes|email-address|forgotten|mail)/,
  /^(error|problem|refusal)\./,
];

describe('[CONS-07] plain words', () => {
  test.each([SCOPES, /^(kind|category)\./, ...PARTS])('English %s is at most of grade 6', (of) => {
    expect(fleschKincaidGrade(sentences(english, of))).toBeLessThanOrEqual(6);
  });
  test.each([SCOPES, ...PARTS])('Spanish %s has an ease of at least 80', (of) => {
    expect(fernandezHuerta(sentences(spanish, of))).toBeGreaterThanOrEqual(80);
  });

  test('the measures tell easy from hard', () => {
    expect(fleschKincaidGrade(['The cat sat on the mat.'])).toBeLessThan(1);
    expect(
      fleschKincaidGrade([
        'Authorization necessitates comprehensive organizational documentation of confidentiality.',
      ]),
    ).toBeGreaterThan(20);
    expect(fernandezHuerta(['El sol sale hoy.'])).toBeGreaterThan(95);
    expect(
      fernandezHuerta(['La autorización requiere documentación organizativa de confidencialidad.']),
    ).toBeLessThan(20);
    const syllables = { que: 1, guía: 2, también: 2, organización: 5, pingüino: 3, ahora: 3, muy: 1 };
    for (const [word, many] of Object.entries(syllables))
      expect([word, spanishSyllables(word)]).toEqual([word, many]);
  });
});
