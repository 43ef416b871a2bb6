import type { ZxcvbnFactory } from '@zxcvbn-ts/core';

/**
 * So much of a password is estimated: the work grows much faster than the length, and 128 characters would hold the process
 * up for seconds. What is hard to guess up to here stays so with more after it.
 */
const LOOKED_AT = 24;
/**
 * How many guesses it withstands, in zxcvbn's marks: 3 is from 10^8 on, also for who has stolen the hashes for a while; 2 from
 * 10^6 on, against guessing at our door.
 */
export type Strength = 2 | 3;
/** Shorter parts of a name are in half of all words. */
const SHORTEST_NAME = 3;

/**
 * Would somebody who knows the person, the lists of common passwords, and English or Spanish, guess it soon? What the
 * person is called is taken out first: it is the beginning of every guess, and adds nothing.
 *
 * @param personal user name, name, address: what others know of the person
 */
export async function isEasy(
  password: string,
  personal: readonly string[],
  strength: Strength = 3,
): Promise<boolean> {
  const names = partsOf(personal);
  const rest = names.reduce((text, name) => withoutWord(text, name), password);
  const estimator = await estimatorOnce();
  return estimator.check(rest.slice(0, LOOKED_AT), [...names]).score < strength;
}

function partsOf(personal: readonly string[]): readonly string[] {
  const parts = personal.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]);
  const known = parts.map((part) => part.toLowerCase()).filter((part) => part.length >= SHORTEST_NAME);
  return [...new Set(known)].toSorted((one, other) => other.length - one.length);
}

function withoutWord(text: string, word: string): string {
  const at = plainly(text).indexOf(word);
  return at < 0 ? text : withoutWord(text.slice(0, at) + text.slice(at + word.length), word);
}

const SPELLED: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  '@': 'a',
  $: 's',
};

/** As it would be said: `D0r4` is Dora. As long as the text, character by character. */
function plainly(text: string): string {
  return Array.from({ length: text.length }, (_, at) => {
    const one = text.charAt(at);
    const low = one.toLowerCase();
    return SPELLED[one] ?? (low.length === 1 ? low : one);
  }).join('');
}

let estimator: Promise<ZxcvbnFactory> | undefined;

/** The word lists take a quarter of a second and some megabytes: only who sets a password waits for them, once. */
function estimatorOnce(): Promise<ZxcvbnFactory> {
  estimator ??= loadEstimator();
  return estimator;
}

async function loadEstimator(): Promise<ZxcvbnFactory> {
  const [core, common, english, spanish] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
    import('@zxcvbn-ts/language-es-es'),
  ]);
  return new core.ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary, ...spanish.dictionary },
    graphs: common.adjacencyGraphs,
  });
}
