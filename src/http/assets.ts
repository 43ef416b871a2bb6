import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Router from '@koa/router';

export interface Assets {
  readonly router: Router;
  /** The address of the stylesheet; changes with its content. */
  readonly stylesheet: string;
  /** The address of the only script. */
  readonly passkeyScript: string;
}

/** Serves stylesheet and script under names made from their content, so that browsers may keep them for good. */
export function serveAssets(viewsDir: string): Assets {
  const router = new Router();
  const serve = (name: string, type: 'css' | 'js'): string => {
    const content = readFileSync(path.join(viewsDir, 'assets', `${name}.${type}`));
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    const address = `/assets/${name}-${hash}.${type}`;
    router.get(address, (ctx) => {
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.type = type;
      ctx.body = content;
    });
    return address;
  };
  return { router, stylesheet: serve('gatehouse', 'css'), passkeyScript: serve('passkey', 'js') };
}
