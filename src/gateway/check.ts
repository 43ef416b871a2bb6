import type { IncomingMessage } from 'node:http';

import {
  decide,
  denial,
  outcomeAnswer,
  type DecideOptions,
  type FhirRequest,
  type ResourceServer,
} from '../resource-server/index.ts';
import { type Answer } from './answers.ts';
import { maySearchAll } from './may-search-all.ts';
import { decidePage, pagedQuery } from './pages.ts';

export interface CheckParts {
  readonly server: ResourceServer;
  /** The path of the FHIR base URL. */
  readonly basePath: string;
  readonly options: DecideOptions;
}

/**
 * `GET /check`, for `auth_request` of nginx and its like: may the request with this token, `X-Original-Method` and
 * `X-Original-URI` go through as it is? 204, 401 or 403. Nobody filters the answer of that request, so what would have to
 * be filtered is refused, unless the query itself says all that has to be said (`patient=` of the patient in context).
 */
export async function check(
  request: IncomingMessage,
  { server, basePath, options }: CheckParts,
): Promise<Answer> {
  const [method, uri] = [request.headers['x-original-method'], request.headers['x-original-uri']];
  if (typeof method !== 'string' || typeof uri !== 'string')
    return outcomeAnswer(400, 'invalid', 'send X-Original-Method and X-Original-URI');
  const [path = '', search = ''] = uri.split(/\?(.*)/s);
  if (path !== basePath && !path.startsWith(`${basePath}/`))
    return outcomeAnswer(403, 'forbidden', 'this is not below the FHIR base URL');
  const pathBelowBase = path.slice(basePath.length);
  if (pathBelowBase === '/metadata' && method === 'GET') return ALLOWED;
  const caller = await server.authenticate(request.headers);
  if (!caller.ok) return { status: caller.status, headers: { ...caller.headers }, body: caller.body };
  const { decided, page, isPageOnly } = pagedQuery(method, pathBelowBase, new URLSearchParams(search));
  const ofPage = page.length > 0 ? decidePage(caller.token, options) : undefined;
  const decision =
    isPageOnly && ofPage
      ? ofPage
      : decide(caller.token, { method, pathBelowBase, query: decided, ...conditionOf(request) }, options);
  if (!decision.allowed) return denial(decision);
  // A condition is in a header; that the address says the same does not narrow it.
  if (decision.interaction.kind === 'create' && decision.add.length > 0) return MUST_BE_FILTERED;
  const isSaid =
    decision.exact && decision.add.every(([name, value]) => decided.getAll(name).includes(value));
  if (!isSaid || (ofPage && !(ofPage.allowed && ofPage.exact))) return MUST_BE_FILTERED;
  if (CONTENT.has(decision.interaction.kind) && !maySearchAll(caller.token, options)) return MUST_BE_SEEN;
  if (!decision.representation) return MUST_BE_KEPT_BACK;
  server.used(caller.token, decision.interaction);
  return ALLOWED;
}

/** nginx asks with the headers of the request itself. */
function conditionOf({ headers }: IncomingMessage): Pick<FhirRequest, 'ifNoneExist'> {
  const ifNoneExist = headers['if-none-exist'];
  return typeof ifNoneExist === 'string' ? { ifNoneExist } : {};
}

/** What is written may hold searches, as references with a condition. */
const CONTENT: ReadonlySet<string> = new Set(['create', 'update', 'patch']);

const ALLOWED: Answer = { status: 204 };
const MUST_BE_FILTERED = outcomeAnswer(
  403,
  'forbidden',
  'the answer would have to be filtered, and nobody here does: ask with the patient in the query, or through the gateway',
);
const MUST_BE_SEEN = outcomeAnswer(
  403,
  'forbidden',
  'what is written would have to be looked at, and nobody here sees it: write through the gateway',
);
const MUST_BE_KEPT_BACK = outcomeAnswer(
  403,
  'forbidden',
  'the answer could hold what this token may not read, and nobody here keeps it back',
);
