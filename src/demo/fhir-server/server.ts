import Koa, { type Context } from 'koa';
import {
  createDiscoveryProxy,
  interactionOf,
  type Discovery,
  type FhirInteraction,
  type Introspect,
} from '../../resource-server/index.ts';
import { readBody, readForm } from '../read-body.ts';
import { NOT_FOUND, outcome, send, tryAgain, type Answer } from './answers.ts';
import { serveBatch } from './batch.ts';
import { capabilityStatement } from './capability-statement.ts';
import { anyOrigin, requestId, type DemoLog } from './envelope.ts';
import { authenticate, authorize } from './guard.ts';
import { perform, readOnly } from './perform.ts';

export interface FhirServerOptions {
  /** Where apps find us; its path is where we serve. One trailing slash does not matter. */
  readonly fhirBaseUrl: string;
  /** Asks Gatehouse about a token, usually `createIntrospector(…)`; it must check expiry and audience. */
  readonly introspect: Introspect;
  /** Where Gatehouse publishes the SMART configuration of this FHIR base URL. */
  readonly discoveryUrl: string;
  readonly log?: DemoLog;
}

const NO_FORM = new URLSearchParams();

interface Parts {
  readonly base: string;
  readonly introspect: Introspect;
  readonly discover: () => Promise<Discovery>;
}

/**
 * A small read-only FHIR R4 server over the synthetic data, guarded by the resource-server kit: what a FHIR server
 * has to do about tokens, in full, and nothing else (SEM-01 … SEM-22, DISC-01, CORS-01, CORS-02).
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
  if (!isReading(ctx)) return readOnly(ctx.method);
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
  if (interaction.kind === 'batch') return serveBatch(await readBody(ctx.req), token.value, parts.base);
  const allowed = authorize(token.value, interaction);
  if (!allowed.ok) return allowed.answer;
  const form =
    ctx.method === 'POST' && interaction.kind === 'search-type' ? await readForm(ctx.req) : NO_FORM;
  if (!form) return outcome(413, 'too-long', 'a search form may be 64 KiB at most');
  return perform(interaction, new URLSearchParams([...query, ...form]), allowed.value, parts.base);
}

function isReading({ method }: Context): boolean {
  return method === 'GET' || method === 'HEAD';
}
