import { decide, type DecideOptions, type TokenInfo } from '../resource-server/index.ts';

/** May it search every type there is, of everybody? Then nothing it writes can ask for more, whatever it holds. */
export function maySearchAll(token: TokenInfo, options: DecideOptions): boolean {
  const all = decide(
    token,
    { method: 'GET', pathBelowBase: '/', query: new URLSearchParams('_count=1') },
    options,
  );
  return all.allowed && all.check.length === 0;
}
