import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Router from '@koa/router';

export interface Assets {
  readonly router: Router;
  /** The address of the stylesheet; changes with its content. */
  readonly stylesheet: string;
}

/** Serves the one stylesheet under a name made from its content, so that browsers may keep it for good. */
export function serveAssets(viewsDir: string): Assets {
  const css = readFileSync(path.join(viewsDir, 'assets', 'gatehouse.css'));
  const hash = createHash('sha256').update(css).digest('hex').slice(0, 12);
  const stylesheet = `/assets/gatehouse-${hash}.css`;
  const router = new Router();
  router.get(stylesheet, (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = 'text/css';
    ctx.body = css;
  });
  return { router, stylesheet };
}
