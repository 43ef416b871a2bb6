import type { Middleware } from 'koa';

/** What a part of a path that stands for an id may be made of; nothing in it needs to be encoded. */
const ID = '[A-Za-z0-9._~-]+';

/**
 * Lets through what is served, written to the letter, and nothing else. oidc-provider's router takes capital letters and
 * a slash at the end, while whoever limits, sheds, audits or commits goes by the letter: what only the one of them knows
 * would get past all the others (`/Token`, `/introspect/`).
 *
 * @param served paths; a part that begins with `:` is an id
 */
export function knownPaths(served: readonly string[]): Middleware {
  const fixed = new Set(served.filter((path) => !path.includes('/:')));
  const withIds = served.filter((path) => path.includes('/:')).map(asPattern);
  const known = new RegExp(`^(?:${withIds.join('|')})$`);
  return async function knownPathsMiddleware(ctx, next) {
    if (fixed.has(ctx.path) || known.test(ctx.path)) await next();
  };
}

function asPattern(path: string): string {
  return path
    .split('/')
    .map((part) => (part.startsWith(':') ? ID : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
    .join('/');
}
