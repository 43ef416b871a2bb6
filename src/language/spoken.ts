import type { Language } from './language.ts';

interface Request {
  readonly state: Record<string, unknown>;
}

/** From now on the answer to this request is in that language, which is looked for when it is needed. */
export function speak({ state }: Request, language: () => Language): void {
  state['language'] = language;
}

/** The language that the person behind this request is spoken to in. */
export function languageOf({ state }: Request): Language {
  const found = state['language'] as Language | (() => Language) | undefined;
  if (found === undefined) throw new TypeError('nobody chose a language for this request');
  const language = typeof found === 'function' ? found() : found;
  state['language'] = language;
  return language;
}
