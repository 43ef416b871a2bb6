import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';

import type { Tally } from '../audit/index.ts';
import type { Client, ClientMemory } from '../clients/index.ts';
import type { Config } from '../config/index.ts';
import { answerAbout, proves, readBasic, type LivingToken, type Teller } from '../introspection/index.ts';
import { networkOf, type RequestLimits } from '../limits/index.ts';
import { ROUTES } from './configuration.ts';
import { countQuestion } from './count-question.ts';
import { LONGEST_FORM_BYTES, replay } from './form-body.ts';

export interface IntrospectionRouteParts {
  readonly config: Pick<Config, 'issuer' | 'trustProxy'>;
  readonly clients: ClientMemory;
  readonly tell: Teller;
  readonly limits: RequestLimits;
  readonly tally: Tally;
  /** Told how long each answer took, in seconds. */
  readonly observe: (seconds: number) => void;
}

const INACTIVE = JSON.stringify({ active: false });
const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;
const SIGNED = 'token-introspection+jwt';
/** The usual form: a token, and perhaps a hint, which is never needed. */
const PLAIN_FORM = /^token=([A-Za-z0-9._~-]+)(?:&token_type_hint=[a-z_]+)?$/;
const REFRESH_TOKEN = 'grt_';
const FAILURE = 'introspectionFailure';
/** FHIR servers are few. */
const MOST_PROOFS = 1000;

/**
 * Answers the question FHIR servers ask with every request, in front of everything else: the caller is known from memory, and
 * the store is asked once. What is not asked in the usual way (another proof than a secret, a signed answer, a refresh
 * token, a mistake) goes on to those who can answer anything, with the request as it came.
 *
 * @see RFC 7662; ARCHITECTURE "Introspection has its own route"
 */
export function introspectAtOnce(parts: IntrospectionRouteParts): Middleware {
  const isUsual = usualRequests(parts);
  const headers = answerHeaders(parts.config.issuer);
  const textOf = createWriter(parts.config.issuer);
  const hasProved = createProofs();
  return async function introspectAtOnceMiddleware(ctx, next) {
    if (ctx.req.url !== ROUTES.introspection || !isUsual(ctx.req) || !(await answeredOrFailed(ctx)))
      await next();
  };

  /** Has the request been dealt with? If not, it is as it came, or what went wrong is told by those who come after us. */
  async function answeredOrFailed(ctx: Context): Promise<boolean> {
    try {
      return await answered(ctx);
    } catch (error) {
      ctx.state[FAILURE] = error;
      return false;
    }
  }

  async function answered(ctx: Context): Promise<boolean> {
    const began = performance.now();
    const caller = await provenCaller(ctx.req, parts, hasProved);
    if (!caller) return false;
    const form = await bodyOf(ctx.req);
    if (form === undefined) {
      ctx.respond = false;
      return true;
    }
    const [, text] = PLAIN_FORM.exec(form) ?? [];
    if (text === undefined || text.startsWith(REFRESH_TOKEN)) {
      replay(ctx.req, Buffer.from(form, 'latin1'));
      return false;
    }
    const { registration } = caller;
    const token = await parts.tell(text, registration);
    answer(ctx, token ? textOf(token) : INACTIVE, headers);
    const resourceServer = registration.client_id;
    countQuestion(parts.tally, resourceServer, token);
    parts.observe((performance.now() - began) / 1000);
    return true;
  }
}

/** Throws what went wrong in front of those who answer errors. Mount it behind them. */
export function failIntrospection(): Middleware {
  return async function failIntrospectionMiddleware(ctx, next) {
    const failure: unknown = ctx.state[FAILURE];
    if (failure instanceof Error) throw failure;
    await next();
  };
}

function usualRequests({ config }: IntrospectionRouteParts): (request: IncomingMessage) => boolean {
  const { host } = new URL(config.issuer);
  return ({ method, headers }) => {
    const named = (config.trustProxy ? headers['x-forwarded-host'] : undefined) ?? headers.host;
    return (
      method === 'POST' &&
      named === host &&
      headers.origin === undefined &&
      FORM.test(headers['content-type'] ?? '') &&
      headers['content-encoding'] === undefined &&
      Number(headers['content-length'] ?? Infinity) <= LONGEST_FORM_BYTES &&
      !headers.accept?.toLowerCase().includes(SIGNED)
    );
  };
}

/** `undefined`: it did not prove who it is, or its limits have to be looked at. */
async function provenCaller(
  request: IncomingMessage,
  { clients, limits, config }: IntrospectionRouteParts,
  hasProved: Proofs,
): Promise<Client | undefined> {
  const header = request.headers.authorization;
  if (header === undefined || !limits.isOff('introspectionsPerClient')) return undefined;
  const client = hasProved.before(header, clients) ?? (await proven(header, clients, hasProved));
  if (!client) return undefined;
  const isShutOut = limits.peek('failuresPerAddress', networkOf(addressOf(request, config.trustProxy))) > 0;
  return isShutOut ? undefined : client;
}

async function proven(header: string, clients: ClientMemory, hasProved: Proofs): Promise<Client | undefined> {
  const shown = readBasic(header);
  const client = shown && (await remembered(clients, shown.clientId));
  if (!client || !proves(client, shown.secret)) return undefined;
  hasProved.note(header, client);
  return client;
}

/** Headers that have proved a client, by their hash. One counts as long as the client is what it was then. */
interface Proofs {
  before(header: string, clients: ClientMemory): Client | undefined;
  note(header: string, client: Client): void;
}

function createProofs(): Proofs {
  const noted = new Map<string, Client>();
  const nameOf = (header: string): string => hash('sha256', header, 'hex');
  return {
    before(header, clients) {
      const client = noted.get(nameOf(header));
      return client && clients.peek(client.registration.client_id)?.client === client ? client : undefined;
    },
    note(header, client) {
      if (noted.size >= MOST_PROOFS) noted.clear();
      noted.set(nameOf(header), client);
    },
  };
}

/** As Koa has it where one proxy is trusted: what that one added last. */
function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy
    ? String(headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : '';
  return forwarded || (socket.remoteAddress ?? '');
}

function remembered(clients: ClientMemory, id: string): Client | undefined | Promise<Client | undefined> {
  const known = clients.peek(id);
  return known ? known.client : clients.find(id);
}

/**
 * Node ends a request whose body does not come in time, and one whose body is longer than it said. `undefined`: its sender
 * has gone.
 */
function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const gone = (): void => resolve(undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(textOfAll(chunks)));
    request.on('error', gone);
    request.on('close', gone);
  });
}

/** Nearly all come in one. */
function textOfAll(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return (chunks.length === 1 && first ? first : Buffer.concat(chunks)).toString('latin1');
}

/** An answer is written once for each token that is read anew. */
function createWriter(issuer: string): (token: LivingToken) => string {
  const written = new WeakMap<LivingToken, string>();
  return (token) => {
    const known = written.get(token);
    if (known !== undefined) return known;
    const text = JSON.stringify(answerAbout(token, issuer));
    written.set(token, text);
    return text;
  };
}

function answerHeaders(issuer: string): readonly string[] {
  const transport = issuer.startsWith('https:')
    ? ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']
    : [];
  return [
    ...['Content-Type', 'application/json; charset=utf-8', 'X-Content-Type-Options', 'nosniff'],
    ...['Cache-Control', 'no-store', 'Pragma', 'no-cache', ...transport],
  ];
}

function answer(ctx: Context, text: string, headers: readonly string[]): void {
  ctx.respond = false;
  ctx.res.writeHead(200, [...headers, 'Content-Length', String(Buffer.byteLength(text))]);
  ctx.res.end(text);
}
