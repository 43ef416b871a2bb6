import type { Middleware } from 'koa';

/** What a part of a path that stands for an id may be made of; nothing in it needs to be encoded. */
const ID = /^[A-Za-z0-9._~-]+$/;

/**
 * Lets through what is served, written to the letter, and nothing else. oidc-provider's router takes capital letters and
 * a slash at the end, while whoever limits, sheds, audits or commits goes by the letter: what only the one of them knows
 * would get past all the others (`/Token`, `/introspect/`).
 *
 * @param served paths; a last part that begins with `:` is an id
 */
export function knownPaths(served: readonly string[]): Middleware {
  const folders = new Set(served.filter((path) => /\/:[^/]+$/.test(path)).map((path) => split(path).folder));
  const fixed = new Set(served);
  return async function knownPathsMiddleware(ctx, next) {
    const { folder, last } = split(ctx.path);
    if (fixed.has(ctx.path) || (folders.has(folder) && ID.test(last))) await next();
  };
}

function split(path: string): { readonly folder: string; readonly last: string } {
  const at = path.lastIndexOf('/') + 1;
  return { folder: path.slice(0, at), last: path.slice(at) };
}
