import { describe, expect, test } from '@jest/globals';

import { wordsFor } from '../../../src/interaction/index.ts';
import { createLanguage, createLanguages, filesOf, languageOf } from '../../../src/language/index.ts';

const languages = createLanguages(filesOf(['en', 'es']), 'en');

describe('which language is chosen', () => {
  test.each([
    ['what the person chose', { chosen: 'es', uiLocales: 'en', accepted: ['en'] }, 'es'],
    ['what the app asks for', { uiLocales: 'fr es en', accepted: ['en'] }, 'es'],
    ['what the browser prefers', { accepted: ['fr', 'es-419', 'en'] }, 'es'],
    ['letter case says nothing', { uiLocales: 'ES-mx' }, 'es'],
    ['any will do', { accepted: ['*'] }, 'en'],
    ['none of ours', { chosen: 'xx', uiLocales: 'fr-CA', accepted: ['de'] }, 'en'],
    ['nothing is asked for', {}, 'en'],
    ['a tag that only begins like ours', { uiLocales: 'esperanto' }, 'en'],
    ['no tag at all', { uiLocales: '../../etc <b>' }, 'en'],
  ])('%s', (_title, wishes, tag) => {
    expect(languages.choose(wishes).tag).toBe(tag);
  });

  test('a preferred language that is not there is refused at once', () => {
    expect(() => createLanguages(filesOf(['en']), 'es')).toThrow('there is no language es');
  });

  test('nobody speaks to a person before a language is chosen', () => {
    expect(() => languageOf({ state: {} })).toThrow(TypeError);
  });
});

describe('a language', () => {
  const [spanish] = filesOf(['es']).map((file) => createLanguage(file));
  test('writes dates and lists as its people do', () => {
    expect(spanish!.date(Date.UTC(2008, 2, 20) / 1000)).toBe('20 de marzo de 2008');
    expect(languages.all[0]!.date(Date.UTC(2008, 2, 20) / 1000)).toBe('20 March 2008');
    expect(spanish!.list(['ver', 'añadir', 'cambiar'])).toBe('ver, añadir y cambiar');
  });

  test('writes times where the organisation is, and birth dates as they are everywhere', () => {
    const [file] = filesOf(['en']);
    const tokyo = createLanguage(file!, 'Asia/Tokyo');
    const at = Date.UTC(2026, 10, 26, 20, 5) / 1000;
    expect(createLanguage(file!).moment(at)).toBe('26 November 2026 at 20:05 UTC');
    expect(tokyo.moment(at)).toBe('27 November 2026 at 05:05 GMT+9');
    expect([tokyo.date(at), tokyo.day('2008-03-20')]).toEqual(['27 November 2026', '20 March 2008']);
  });

  test('knows its direction', () => {
    const [file] = filesOf(['en']);
    const at = (locale: string) => createLanguage({ ...file!, locale }).direction;
    expect(['es', 'ar', 'he', 'ur'].map(at)).toEqual(['ltr', 'rtl', 'rtl', 'rtl']);
  });

  test('[A081] a value in a message stays text, whatever is in it', () => {
    const app = `<img src=x onerror=alert(1)> & "x" {name} '{'`;
    const drawn = wordsFor(spanish!).html('consent.heading', { app });
    expect(drawn).toContain('<bdi>&lt;img src=x onerror=alert(1)&gt; &amp; &quot;x&quot; {name} ');
    expect(drawn).not.toContain('<img');
  });
});
