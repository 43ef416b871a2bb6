import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

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
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
}

const EXPOSED =
  'Content-Location, ETag, Last-Modified, Location, Retry-After, WWW-Authenticate, X-Progress, X-Request-Id';

/**
 * Lets a page of any origin call: a token travels in a header that only the app itself can set, so an origin adds no
 * authority, and `*` forbids cookies (CORS-01, CORS-02, CORS-04, CORS-09).
 */
export function preflight(): Answer {
  return {
    status: 204,
    headers: {
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      'Access-Control-Allow-Headers':
        'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Request-Id',
      'Access-Control-Max-Age': '600',
    },
  };
}
