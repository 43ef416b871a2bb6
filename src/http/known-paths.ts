import type { Middleware } from 'koa';

/** What a part of a path that stands for an id may be made of; nothing in it needs to be encoded. */
const ID = '[A-Za-z0-9._~-]+';

/** Each path that is served, with its methods; a part of a path that begins with `:` is an id. */
export type Served = ReadonlyMap<string, readonly string[]>;

/**
 * Lets through what is served, written to the letter, and nothing else. oidc-provider's router takes capital letters and
 * a slash at the end, while whoever limits, sheds, audits or commits goes by the letter: what only the one of them knows
 * would get past all the others (`/Token`, `/introspect/`).
 */
export function knownPaths(served: Served): Middleware {
  const methodsOf = lookUp(served);
  return async function knownPathsMiddleware(ctx, next) {
    if (methodsOf(ctx.path)) await next();
  };
}

/**
 * Answers a method that a path does not offer: 405, and which it does (RFC 9110 §15.5.6, attack row A061). HEAD is one
 * of them: what a router takes for a GET would begin an authorization that nobody reads. OPTIONS is for who knows CORS.
 */
export function offeredMethods(served: Served): Middleware {
  const methodsOf = lookUp(served);
  return async function offeredMethodsMiddleware(ctx, next) {
    const methods = methodsOf(ctx.path) ?? [];
    if (methods.includes(ctx.method) || ctx.method === 'OPTIONS') {
      await next();
      return;
    }
    ctx.set('Allow', methods.join(', '));
    ctx.throw(405, `this address does not take ${ctx.method}`);
  };
}

function lookUp(served: Served): (path: string) => readonly string[] | undefined {
  const patterns = [...served].filter(([path]) => path.includes('/:')).map(asPattern);
  return (path) => served.get(path) ?? patterns.find(([pattern]) => pattern.test(path))?.[1];
}

function asPattern([path, methods]: [string, readonly string[]]): readonly [RegExp, readonly string[]] {
  const parts = path
    .split('/')
    .map((part) => (part.startsWith(':') ? ID : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)));
  return [new RegExp(`^${parts.join('/')}$`), methods];
}
