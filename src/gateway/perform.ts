import { outcomeAnswer, visibleBundle, type AllowedRequest } from '../resource-server/index.ts';
import { type Answer } from './answers.ts';
import { AS_JSON, askedOf, type Call } from './call.ts';
import { NOT_THEIRS, NO_FHIR, failureOf, headersOf, isResource } from './held.ts';
import { withOurLinks } from './links.ts';
import { parseJson } from './request-body.ts';
import type { Upstream } from './upstream.ts';
import { performWrite } from './write.ts';

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete']);

/** Can request and answer be passed on as they come? */
export function canStream({ add, check, representation }: AllowedRequest): boolean {
  return add.length === 0 && check.length === 0 && representation;
}

/** Does what was decided, and holds the answer as far as the token may see it. @throws UpstreamFailed */
export async function perform(call: Call, decision: AllowedRequest, upstream: Upstream): Promise<Answer> {
  if (WRITES.has(decision.interaction.kind)) return performWrite(call, decision, upstream);
  if (asksForXml(call)) return NOT_ACCEPTABLE;
  const asked = askedOf(withJson(call), { add: decision.add, headers: AS_JSON });
  const held = await upstream.hold({ ...asked, method: call.method === 'HEAD' ? 'GET' : call.method });
  if (held.status !== 200) return failureOf(held, upstream);
  const content = parseJson(held.body);
  if (!isResource(content)) return NO_FHIR;
  const headers = headersOf(held, upstream);
  if (
    content.resourceType === 'Bundle' &&
    decision.interaction.kind !== 'read' &&
    decision.interaction.kind !== 'vread'
  ) {
    const bundle = withOurLinks(visibleBundle(decision, content), upstream.toOurs);
    return { status: 200, headers, body: withNotice(bundle, decision.withheld) };
  }
  return decision.check.length === 0 || decision.visible(content)
    ? { status: 200, headers, body: content }
    : NOT_THEIRS;
}

const NOT_ACCEPTABLE = outcomeAnswer(
  406,
  'not-supported',
  'what this token may see has to be filtered, and that is done in JSON only: ask for application/fhir+json',
);

function asksForXml({ headers, query, form }: Call): boolean {
  const format = query.decided.get('_format') ?? form?.get('_format') ?? headers.accept ?? '';
  return /xml|turtle|ttl/i.test(format) && !/json/i.test(format);
}

function withJson(call: Call): Call {
  if (!call.query.decided.has('_format')) return call;
  const decided = new URLSearchParams(call.query.decided);
  decided.set('_format', 'json');
  return { ...call, query: { ...call.query, decided } };
}

/** Says in the Bundle what is missing in it, and why. */
function withNotice(bundle: object, withheld: readonly string[]): object {
  if (withheld.length === 0) return bundle;
  const { entry = [], type } = bundle as { entry?: readonly object[]; type?: unknown };
  if (type !== 'searchset') return bundle;
  const issue = withheld.map((diagnostics) => ({ severity: 'information', code: 'suppressed', diagnostics }));
  const notice = { resource: { resourceType: 'OperationOutcome', issue }, search: { mode: 'outcome' } };
  return { ...bundle, entry: [...entry, notice] };
}
