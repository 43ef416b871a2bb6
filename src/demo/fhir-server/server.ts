import Koa, { type Context } from 'koa';
import {
  NOTHING_HERE,
  NOT_FOUND,
  UNAVAILABLE,
  createDiscoveryProxy,
  interactionOf,
  outcomeAnswer,
  type Discovery,
  type FhirInteraction,
  type FhirRequest,
  type Introspect,
  type TokenInfo,
} from '../../resource-server/index.ts';
import { DEMO_RESOURCES } from '../data/demo-data.ts';
import type { DemoResource } from '../data/fhir.ts';
import { parseJson, readBody } from '../read-body.ts';
import { send, type Answer } from './answers.ts';
import { serveBatch } from './batch.ts';
import { capabilityStatement } from './capability-statement.ts';
import { anyOrigin, requestId, type DemoLog } from './envelope.ts';
import { authenticate, authorize, type Guarded } from './guard.ts';
import { perform, readOnly } from './perform.ts';
import { createShelf, type Shelf } from './shelf.ts';
import { carryOut, writeOf } from './write.ts';

export interface FhirServerOptions {
  /** Where apps find us; its path is where we serve. One trailing slash does not matter. */
  readonly fhirBaseUrl: string;
  /** Asks Gatehouse about a token, usually `createIntrospector(…)`; it must check expiry and audience. */
  readonly introspect: Introspect;
  /** Told of each request that was let through, usually a kit's own `used`. */
  readonly used?: (token: TokenInfo, interaction: FhirInteraction) => void;
  /** Where Gatehouse publishes the SMART configuration of this FHIR base URL. */
  readonly discoveryUrl: string;
  readonly log?: DemoLog;
  /** What it holds; default: the synthetic patients. */
  readonly resources?: readonly DemoResource[];
  /** Where the records of decisions and the AuditEvents that it is sent are kept; default: in memory. */
  readonly keepIn?: string;
}

/** A record of a decision holds the page as it was shown; AuditEvents come a hundred at once. */
const MAX_BATCH_BYTES = 1024 * 1024;

interface Parts {
  readonly base: string;
  readonly introspect: Introspect;
  readonly used: NonNullable<FhirServerOptions['used']>;
  readonly discover: () => Promise<Discovery>;
  readonly shelf: Shelf;
}

/**
 * A small FHIR R4 server over the synthetic data, guarded by the resource-server kit: what a FHIR server
 * has to do about tokens, in full, and nothing else but to keep the records of decisions and the AuditEvents it is sent
 * (SEM-01 … SEM-22, DISC-01, CORS-01, CORS-02).
 */
export function createFhirServer(options: FhirServerOptions): Koa {
  const base = options.fhirBaseUrl.replace(/\/$/, '');
  const discover = createDiscoveryProxy({ url: options.discoveryUrl });
  const { introspect, used = () => undefined, resources = DEMO_RESOURCES, keepIn } = options;
  const parts: Parts = { base, introspect, used, discover, shelf: createShelf(resources, keepIn) };
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
  const request: FhirRequest = {
    method: ctx.method,
    pathBelowBase,
    query: new URLSearchParams(ctx.querystring),
    contentType: ctx.get('Content-Type'),
    // An empty header was sent all the same.
    ifNoneExist: ctx.headers['if-none-exist']?.toString(),
  };
  const interaction = interactionOf(request);
  if (interaction.kind === 'capabilities') {
    return { status: 200, body: capabilityStatement(parts.base, await parts.discover()) };
  }
  return serveGuarded(ctx, parts, interaction, request);
}

/** Always `application/json`, whatever the Accept header asks for, and without a token (DISC-02, DISC-03). */
async function smartConfiguration(ctx: Context, { discover }: Parts): Promise<Answer> {
  if (!isReading(ctx)) return readOnly(ctx.method);
  const discovery = await discover();
  return discovery.ok
    ? { status: 200, body: discovery.document, type: 'application/json' }
    : { ...UNAVAILABLE, detail: discovery.detail };
}

async function serveGuarded(
  ctx: Context,
  parts: Parts,
  interaction: FhirInteraction,
  request: FhirRequest,
): Promise<Answer> {
  const token = await authenticate(ctx, parts.introspect);
  if (!token.ok) return token.answer;
  if (interaction.kind === 'unknown') return NOTHING_HERE;
  if (interaction.kind === 'batch')
    return serveBatch(await readBody(ctx.req, MAX_BATCH_BYTES), token.value, parts.base, parts.shelf);
  const sent = await readSent(ctx, interaction);
  if (!sent.ok) return sent.answer;
  const allowed = authorize(token.value, { ...request, ...sent.value });
  if (!allowed.ok) return allowed.answer;
  parts.used(token.value, interaction);
  const write = writeOf(allowed.value, sent.value.body, ctx.headers['if-match']);
  if (write) return carryOut(write, allowed.value, parts.shelf);
  const query = new URLSearchParams([...request.query, ...(sent.value.form ?? [])]);
  return perform(allowed.value, query, parts.base, parts.shelf.all());
}

/** What is decided about beside the address: the form of a search, the content of a write. */
async function readSent(
  ctx: Context,
  { kind }: FhirInteraction,
): Promise<Guarded<Pick<FhirRequest, 'form' | 'body'>>> {
  const reads = ctx.method === 'POST' && kind.startsWith('search-');
  if (!reads && kind !== 'create' && kind !== 'update') return { ok: true, value: {} };
  const text = await readBody(ctx.req);
  if (text === undefined)
    return { ok: false, answer: outcomeAnswer(413, 'too-long', 'what is sent may be 64 KiB at most') };
  if (reads) return { ok: true, value: { form: new URLSearchParams(text) } };
  const body = parseJson(text);
  if (body === undefined && text !== '')
    return { ok: false, answer: outcomeAnswer(400, 'invalid', 'the content is no JSON') };
  return { ok: true, value: { body } };
}

function isReading({ method }: Context): boolean {
  return method === 'GET' || method === 'HEAD';
}
