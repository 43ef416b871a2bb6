import { syllable } from 'syllable';

interface Counted {
  readonly words: number;
  readonly sentences: number;
  readonly syllables: number;
}

/** US school grade, by Flesch and Kincaid: lower is easier. */
export function fleschKincaidGrade(sentences: readonly string[]): number {
  const { words, syllables, ...counted } = count(sentences, syllable);
  return 0.39 * (words / counted.sentences) + 11.8 * (syllables / words) - 15.59;
}

/** Ease of reading Spanish, by Fernández Huerta, of 100: higher is easier. */
export function fernandezHuerta(sentences: readonly string[]): number {
  const { words, syllables, ...counted } = count(sentences, spanishSyllables);
  return 206.84 - 60 * (syllables / words) - 1.02 * (words / counted.sentences);
}

function count(sentences: readonly string[], syllablesOf: (word: string) => number): Counted {
  const words = sentences.flatMap((sentence) => sentence.match(/\p{L}+/gu) ?? []);
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0);
  return { words: words.length, sentences: sentences.length, syllables };
}

/** One for each strong vowel, stressed or not; a weak one joins its neighbour, and is none after q, or g before e and i. */
export function spanishSyllables(word: string): number {
  const sounds = word
    .toLowerCase()
    .replace(/qu(?=[eiéí])/g, 'q')
    .replace(/gu(?=[eiéí])/g, 'g')
    .replace(/y$/, 'i')
    .replace(/h/g, '');
  const groups = sounds.match(/[aeiouáéíóúü]+/g) ?? [];
  const inGroup = (group: string): number => Math.max(1, (group.match(/[aeoáéóíú]/g) ?? []).length);
  return Math.max(
    1,
    groups.reduce((sum, group) => sum + inGroup(group), 0),
  );
}
