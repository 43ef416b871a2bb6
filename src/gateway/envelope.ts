import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { CORS_HEADERS, PREFLIGHT_HEADERS } from '../resource-server/index.ts';
import type { Answer } from './answers.ts';

const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;

/** What every answer carries: a name for the request (the caller's own where it is harmless), and leave for any origin. */
export function envelope(request: IncomingMessage, response: ServerResponse): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  request.headers['x-request-id'] = id;
  response.setHeader('X-Request-Id', id);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(CORS_HEADERS)) response.setHeader(name, value);
}

/** The answer to a preflight. */
export const PREFLIGHT: Answer = { status: 204, headers: PREFLIGHT_HEADERS };
