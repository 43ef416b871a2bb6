import Koa, { type Context } from 'koa';
import {
  createDiscoveryProxy,
  interactionOf,
  visibleTo,
  type Allowed,
  type Discovery,
  type FhirInteraction,
  type Introspect,
} from '../../resource-server/index.ts';
import { DEMO_RESOURCES } from '../data/demo-data.ts';
import { readForm } from '../read-form.ts';
import { NOT_FOUND, outcome, send, tryAgain, type Answer } from './answers.ts';
import { SERVED_TYPES, capabilityStatement } from './capability-statement.ts';
import { anyOrigin, requestId, type DemoLog } from './envelope.ts';
import { authenticate, authorize } from './guard.ts';
import { parseSearch, runSearch } from './search.ts';

export interface FhirServerOptions {
  /** Where apps find us; its path is where we serve. One trailing slash does not matter. */
  readonly fhirBaseUrl: string;
  /** Asks Gatehouse about a token, usually `createIntrospector(…)`; it must check expiry and audience. */
  readonly introspect: Introspect;
  /** Where Gatehouse publishes the SMART configuration of this FHIR base URL. */
  readonly discoveryUrl: string;
  readonly log?: DemoLog;
}

interface Parts {
  readonly base: string;
  readonly introspect: Introspect;
  readonly discover: () => Promise<Discovery>;
}

/**
 * A small read-only FHIR R4 server over the synthetic data, guarded by the resource-server kit: what a FHIR server
 * has to do about tokens, in full, and nothing else (SEM-01 … SEM-18, DISC-01, CORS-01, CORS-02).
 */
export function createFhirServer(options: FhirServerOptions): Koa {
  const base = options.fhirBaseUrl.replace(/\/$/, '');
  const discover = createDiscoveryProxy({ url: options.discoveryUrl });
  const parts: Parts = { base, introspect: options.introspect, discover };
  const app = new Koa();
  app.silent = true;
  const log = options.log ?? (() => undefined);
  app.use(requestId(log));
  app.use(anyOrigin());
  app.use(async function serveFhir(ctx) {
    const answer = await serve(ctx, parts);
    send(ctx, answer);
    const { status, detail } = answer;
    if (detail !== undefined)
      log({ requestId: ctx.response.get('X-Request-Id'), method: ctx.method, status, detail });
  });
  return app;
}

async function serve(ctx: Context, parts: Parts): Promise<Answer> {
  const root = new URL(parts.base).pathname.replace(/\/$/, '');
  if (ctx.path !== root && !ctx.path.startsWith(`${root}/`)) return NOT_FOUND;
  const pathBelowBase = ctx.path.slice(root.length);
  if (pathBelowBase === '/.well-known/smart-configuration') return smartConfiguration(ctx, parts);
  const query = new URLSearchParams(ctx.querystring);
  const contentType = ctx.get('Content-Type');
  const interaction = interactionOf({ method: ctx.method, pathBelowBase, query, contentType });
  if (interaction.kind === 'capabilities') {
    return { status: 200, body: capabilityStatement(parts.base, await parts.discover()) };
  }
  return serveGuarded(ctx, parts, interaction, query);
}

/** Always `application/json`, whatever the Accept header asks for, and without a token (DISC-02, DISC-03). */
async function smartConfiguration(ctx: Context, { discover }: Parts): Promise<Answer> {
  if (!isReading(ctx)) return methodNotAllowed(ctx);
  const discovery = await discover();
  return discovery.ok
    ? { status: 200, body: discovery.document, type: 'application/json' }
    : tryAgain('the authorization server cannot be reached; try again soon', discovery.detail);
}

async function serveGuarded(
  ctx: Context,
  parts: Parts,
  interaction: FhirInteraction,
  query: URLSearchParams,
): Promise<Answer> {
  const token = await authenticate(ctx, parts.introspect);
  if (!token.ok) return token.answer;
  if (interaction.kind === 'unknown') return outcome(404, 'not-supported', 'there is nothing at this path');
  const allowed = authorize(token.value, interaction);
  if (!allowed.ok) return allowed.answer;
  if (interaction.kind === 'read') return read(interaction, allowed.value);
  if (interaction.kind === 'search-type')
    return search(ctx, parts, interaction.resourceType, query, allowed.value);
  return isReading(ctx)
    ? outcome(404, 'not-supported', `this server does not support ${interaction.kind}`)
    : methodNotAllowed(ctx);
}

function read({ resourceType, id }: { resourceType: string; id: string }, { filters }: Allowed): Answer {
  const resource = DEMO_RESOURCES.find((one) => one.resourceType === resourceType && one.id === id);
  if (!resource || !visibleTo(filters, resource)) return NOT_FOUND;
  const lastModified = new Date(resource.meta.lastUpdated).toUTCString();
  const headers = { ETag: `W/"${resource.meta.versionId}"`, 'Last-Modified': lastModified };
  return { status: 200, body: resource, headers };
}

async function search(
  ctx: Context,
  { base }: Parts,
  resourceType: string,
  query: URLSearchParams,
  { filters }: Allowed,
): Promise<Answer> {
  if (!SERVED_TYPES.has(resourceType))
    return outcome(404, 'not-supported', `this server holds no ${resourceType}`);
  const form = ctx.method === 'POST' ? await readForm(ctx.req) : new URLSearchParams();
  if (!form) return outcome(413, 'too-long', 'a search form may be 64 KiB at most');
  const parsed = parseSearch(resourceType, new URLSearchParams([...query, ...form]), base);
  if (!parsed.ok) return outcome(400, 'invalid', parsed.description);
  return { status: 200, body: runSearch(parsed.search, DEMO_RESOURCES, filters, base) };
}

function isReading({ method }: Context): boolean {
  return method === 'GET' || method === 'HEAD';
}

function methodNotAllowed({ method }: Context): Answer {
  const diagnostics = `this server is read-only: it does not support ${method} here`;
  return outcome(405, 'not-supported', diagnostics, { Allow: 'GET, HEAD, OPTIONS' });
}
