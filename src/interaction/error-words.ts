import type { Language } from '../language/index.ts';

export interface ErrorWords {
  readonly heading: string;
  readonly message: string;
  readonly advice?: string;
}

/** What a person reads about an error, by its HTTP status. */
export function errorWords(status: number, { say }: Language): ErrorWords {
  const kind = kindOf(status);
  const words = { heading: say(`error.${kind}.heading`), message: say(`error.${kind}.message`) };
  return kind === 'missing' || kind === 'foreign' ? words : { ...words, advice: say(`error.${kind}.advice`) };
}

function kindOf(status: number): 'ours' | 'missing' | 'foreign' | 'busy' | 'app' {
  if (status >= 500) return 'ours';
  if (status === 404) return 'missing';
  if (status === 403) return 'foreign';
  return status === 429 ? 'busy' : 'app';
}
