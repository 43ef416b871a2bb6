import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import Router from '@koa/router';

import type { Theme } from './theme.ts';

export interface Assets {
  readonly router: Router;
  /** The address of the stylesheet; changes with its content. */
  readonly stylesheet: string;
  /** The address of the only script. */
  readonly passkeyScript: string;
  /** The address of the organisation's logo, where it has one. */
  readonly logo?: string;
}

/** The same for everybody: nothing secret is in one, whose length would tell of it. */
const PACKED: ReadonlySet<string> = new Set(['css', 'js', 'svg']);

/** Serves stylesheet, script and logo under names made from their content, so that browsers may keep them for good. */
export function serveAssets(viewsDir: string, { css, logo }: Pick<Theme, 'css' | 'logo'>): Assets {
  const ours = (name: string): string => readFileSync(path.join(viewsDir, 'assets', name), 'utf8');
  const router = new Router();
  const serve = (name: string, type: string, content: string | Buffer): string => {
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    const address = `/assets/${name}-${hash}.${type}`;
    const packed = PACKED.has(type) ? gzipSync(content, { level: 9 }) : undefined;
    router.get(address, (ctx) => {
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.type = type;
      ctx.vary('Accept-Encoding');
      const isPacked = packed !== undefined && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
      if (isPacked) ctx.set('Content-Encoding', 'gzip');
      ctx.body = isPacked ? packed : content;
    });
    return address;
  };
  return {
    router,
    stylesheet: serve(
      'gatehouse',
      'css',
      css === '' ? ours('gatehouse.css') : `${ours('gatehouse.css')}\n${css}`,
    ),
    passkeyScript: serve('passkey', 'js', ours('passkey.js')),
    ...(logo ? { logo: serve('logo', logo.type, logo.content) } : {}),
  };
}
