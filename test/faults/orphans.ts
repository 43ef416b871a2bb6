import type { Stack } from './stack.ts';

/** What is kept for one grant: its own name in braces, then what it is. */
const OF_GRANT = /^gh:\{([^}.]+)\}:(grant|family|answer|dead|at|ac|bt)(:|$)/;
const PAGE = 1000;

/**
 * Tokens that live without a grant, in sentences: neither is the grant there, nor a tombstone that ends them. Then forgets
 * what was looked at, so that the next look is as short.
 */
export async function orphansOf({ operator }: Stack): Promise<string[]> {
  const names = await keysOfGrants(operator);
  const grants = Map.groupBy(names, (name) => OF_GRANT.exec(name)?.[1]);
  const orphans = [...grants].flatMap(([grant, own]) => {
    const kinds = new Set(own.map((name) => OF_GRANT.exec(name)?.[2]));
    const isTied = kinds.has('grant') || kinds.has('dead');
    // A code is written with its grant, and a refresh token's family lives no longer than it.
    const lives = ['at', 'family', 'answer', 'ac'].filter((kind) => kinds.has(kind));
    return isTied || lives.length === 0 ? [] : [`without a grant: ${lives.join(', ')} of ${grant ?? ''}`];
  });
  for (let at = 0; at < names.length; at += PAGE) await operator.unlink(...names.slice(at, at + PAGE));
  return orphans;
}

async function keysOfGrants(operator: Stack['operator']): Promise<string[]> {
  const found = new Set<string>();
  for await (const page of operator.scanStream({ match: 'gh:{*', count: PAGE }) as AsyncIterable<string[]>) {
    for (const name of page) if (OF_GRANT.test(name)) found.add(name);
  }
  return [...found];
}
