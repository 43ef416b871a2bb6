import { createHash } from 'node:crypto';
import Router from '@koa/router';

import { answerOpenPreflight, openToAll } from './open-documents.ts';

/** How embedded apps may look like the system that launched them (CTX-07). */
const STYLE = {
  color_background: '#ffffff',
  color_error: '#a3231c',
  color_highlight: '#0b5e70',
  color_modal_backdrop: '#00000080',
  color_success: '#176239',
  color_text: '#17242b',
  dim_border_radius: '8px',
  dim_font_size: '16px',
  dim_spacing_size: '16px',
  font_family_body: 'system-ui, sans-serif',
  font_family_heading: 'system-ui, sans-serif',
} as const;

export interface StyleDocument {
  readonly url: string;
  readonly router: Router;
}

/** The style document under an address made from its content: another content is another address (CTX-06, CTX-08). */
export function styleDocument(issuer: string): StyleDocument {
  const text = JSON.stringify(STYLE);
  const path = `/assets/smart-style-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`;
  const router = new Router();
  router.get(path, (ctx) => {
    openToAll(ctx);
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = 'application/json';
    ctx.body = text;
  });
  router.options(path, answerOpenPreflight);
  return { url: issuer + path, router };
}
