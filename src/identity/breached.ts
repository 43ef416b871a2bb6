import { createHash } from 'node:crypto';

/** Was this password in a breach that is known? */
export type BreachLookup = (password: string) => Promise<boolean>;

export interface BreachLookupParts {
  /** Answers `<url>/<first five digits>` with the rest of each hash that begins so, `REST:COUNT` a line. */
  readonly url: string;
  /** Told when there was no answer. The password is then taken: nobody is kept out because somebody else is away. */
  readonly onFailure: (error: unknown) => void;
  /** Default: the network. */
  readonly ask?: typeof fetch;
}

const PREFIX_LENGTH = 5;
const PATIENCE_MS = 2000;

/**
 * Asks a list of breached passwords without telling it the password: it hears five digits of the SHA-1 hash, which a few
 * hundred thousand passwords share, and the answer is padded, so that its length says nothing either.
 */
export function createBreachLookup({ url, onFailure, ask = fetch }: BreachLookupParts): BreachLookup {
  return async (password) => {
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
    const address = `${url}/${hash.slice(0, PREFIX_LENGTH)}`;
    try {
      const response = await ask(address, {
        headers: { 'add-padding': 'true' },
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!response.ok) throw new Error(`the list of breached passwords answered ${response.status}`);
      return holds(await response.text(), hash.slice(PREFIX_LENGTH));
    } catch (error) {
      onFailure(error);
      return false;
    }
  };
}

/** Padding has the count 0. */
function holds(lines: string, rest: string): boolean {
  const count = lines.split(/\r?\n/).find((line) => line.toUpperCase().startsWith(`${rest}:`));
  return count !== undefined && Number(count.slice(rest.length + 1)) > 0;
}
