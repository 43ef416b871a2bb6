/**
 * What lets a page of any origin call a FHIR server: a token travels in a header that only the app itself can set, so an
 * origin adds no authority, and `*` forbids cookies (CORS-01, CORS-02, CORS-04, CORS-09). On errors too (CORS-10).
 */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Content-Location, ETag, Last-Modified, Location, Retry-After, WWW-Authenticate, X-Progress, X-Request-Id',
};

/** What else the answer to a preflight says. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers':
    'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Request-Id',
  'Access-Control-Max-Age': '600',
};
