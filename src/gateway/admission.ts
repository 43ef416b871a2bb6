import type { IncomingMessage } from 'node:http';

import {
  NOTHING_HERE,
  decide,
  interactionOf,
  outcomeAnswer,
  type AllowedRequest,
  type DecideOptions,
  type FhirInteraction,
  type FhirRequest,
  type Refused,
  type TokenInfo,
} from '../resource-server/index.ts';
import { type Answer } from './answers.ts';
import type { Call } from './call.ts';
import type { Circumstances } from './headers.ts';
import { decidePage, onPage, pagedQuery } from './pages.ts';
import { maySearchAll } from './may-search-all.ts';
import { canStream } from './perform.ts';
import { isJson, readBody, readContent } from './request-body.ts';

const LONGEST_FORM_BYTES = 256 * 1024;

export interface AdmissionParts {
  readonly options: DecideOptions;
  /** Of a content that has to be judged, or sent on after it was read. */
  readonly maxBytes: number;
  readonly fhirBaseUrl: string;
  /** What the server behind us wants in `Authorization`. */
  readonly authorization: string | undefined;
}

/** A request as it will be carried out, and whether it may be. */
export interface Admission {
  readonly call: Call;
  readonly interaction: FhirInteraction;
  /** `by entry`: a Bundle whose entries are decided one by one. */
  readonly decision: AllowedRequest | Refused | 'by entry';
}

/** Decides a request, reading as much of it as that takes; an answer where what was sent cannot be decided at all. */
export async function admission(
  request: IncomingMessage,
  target: { readonly pathBelowBase: string; readonly search: string; readonly token: TokenInfo },
  parts: AdmissionParts,
): Promise<Admission | Answer> {
  const call = callOf(request, target, parts);
  const { options, maxBytes } = parts;
  const page = call.query.page.length > 0 ? decidePage(call.token, options) : undefined;
  if (page && (call.query.isPageOnly || !page.allowed))
    return { call, interaction: { kind: 'search-system' }, decision: page };
  const asked: FhirRequest = {
    method: call.method,
    pathBelowBase: call.pathBelowBase,
    query: call.query.decided,
    contentType: call.headers['content-type'],
    ...(call.ifNoneExist === undefined ? {} : { ifNoneExist: call.ifNoneExist }),
  };
  const interaction = interactionOf(asked, options.fhirVersion);
  if (interaction.kind === 'unknown') return NOTHING_HERE;
  if (interaction.kind === 'batch') {
    const body = await readBody(request, maxBytes);
    return body ? { call: { ...call, body }, interaction, decision: 'by entry' } : TOO_LONG;
  }
  if (asked.method === 'POST' && interaction.kind.startsWith('search-')) {
    const text = await readBody(request, LONGEST_FORM_BYTES);
    if (!text) return TOO_LONG;
    const form = new URLSearchParams(text.toString('utf8'));
    return {
      call: { ...call, form },
      interaction,
      decision: decide(call.token, { ...asked, form }, options),
    };
  }
  const admitted = await withContent(request, { call, asked, interaction }, parts);
  if (!page || !('decision' in admitted)) return admitted;
  const { decision } = admitted;
  return decision !== 'by entry' && decision.allowed
    ? { ...admitted, decision: onPage(decision, page) }
    : admitted;
}

/** What is written is read where it can be judged, and where it is sent after something else was asked. */
async function withContent(
  request: IncomingMessage,
  { call, asked, interaction }: { call: Call; asked: FhirRequest; interaction: FhirInteraction },
  { options, maxBytes }: AdmissionParts,
): Promise<Admission | Answer> {
  const decision = decide(call.token, asked, options);
  const isWrite = asked.method !== 'GET' && asked.method !== 'HEAD';
  if (!decision.allowed || !isWrite) return { call, interaction, decision };
  const isContent = JUDGED.has(interaction.kind);
  const isJudged = isJson(asked.contentType) && isContent;
  // What cannot be read here may hold searches, as references with a condition: good for who may search everything.
  const isBlind = isContent && !isJudged && !maySearchAll(call.token, options);
  if (canStream(decision) && !isJudged && !isBlind) return { call, interaction, decision };
  const bytes = await readBody(request, maxBytes);
  if (!bytes) return TOO_LONG;
  const read: Call = bytes.byteLength > 0 ? { ...call, body: bytes } : call;
  if (!JUDGED.has(interaction.kind)) return { call: read, interaction, decision };
  if (!isJudged) return NOT_JSON;
  const sent = readContent(bytes);
  if (!('content' in sent)) return sent;
  const judged = decide(call.token, { ...asked, body: sent.content }, options);
  return { call: read, interaction, decision: judged };
}

const JUDGED: ReadonlySet<string> = new Set(['create', 'update', 'patch']);

function callOf(
  { method = '', headers, socket }: IncomingMessage,
  target: { readonly pathBelowBase: string; readonly search: string; readonly token: TokenInfo },
  { fhirBaseUrl, authorization }: AdmissionParts,
): Call {
  const { pathBelowBase, search, token } = target;
  const { host, protocol } = new URL(fhirBaseUrl);
  const from: Circumstances = {
    ...{ host, proto: protocol.slice(0, -1), address: socket.remoteAddress ?? '', authorization },
  };
  const ifNoneExist = headers['if-none-exist'];
  return {
    ...{ method, pathBelowBase, headers, from, token },
    query: pagedQuery(method, pathBelowBase, new URLSearchParams(search)),
    ...(typeof ifNoneExist === 'string' ? { ifNoneExist } : {}),
  };
}

const TOO_LONG = outcomeAnswer(413, 'too-long', 'what was sent is longer than this gateway takes');
const NOT_JSON = outcomeAnswer(
  415,
  'not-supported',
  'what this token writes has to be judged: send application/fhir+json',
);
