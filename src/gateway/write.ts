import { NOT_FOUND, outcomeAnswer, type AllowedRequest } from '../resource-server/index.ts';
import { type Answer } from './answers.ts';
import { AS_JSON, askedBefore, askedOf, encoded, joined, type Call } from './call.ts';
import { NOT_THEIRS, NO_FHIR, failureOf, headersOf, isResource } from './held.ts';
import { parseJson } from './request-body.ts';
import type { Held, Upstream } from './upstream.ts';

/**
 * A write within the scope, before and after (SEM-19). What stands there is looked at first, and the write is bound to the
 * version that was seen, so that nobody puts another in its place meanwhile. What was sent is judged by now.
 *
 * @throws UpstreamFailed
 */
export async function performWrite(
  call: Call,
  decision: AllowedRequest,
  upstream: Upstream,
): Promise<Answer> {
  const { check, interaction } = decision;
  if (check.includes('after'))
    return outcomeAnswer(
      403,
      'not-supported',
      `what a ${interaction.kind} leaves behind cannot be told beforehand: send an update`,
    );
  if (!check.includes('before')) return send(call, decision, upstream, {});
  if (!('id' in interaction) || interaction.id === undefined)
    return outcomeAnswer(
      403,
      'not-supported',
      `a conditional ${interaction.kind} would touch what this token may not see: name the id`,
    );
  const before = await upstream.hold(askedBefore(call));
  const isNew = before.status === 404 || before.status === 410;
  if (isNew)
    return interaction.kind === 'update'
      ? send(call, decision, upstream, { 'if-none-match': '*' })
      : NOT_FOUND;
  if (before.status !== 200) return failureOf(before, upstream);
  const content = parseJson(before.body);
  if (!isResource(content)) return NO_FHIR;
  if (!decision.visible(content)) return NOT_THEIRS;
  const { etag } = before.headers;
  if (etag === undefined)
    return outcomeAnswer(
      403,
      'not-supported',
      'the FHIR server behind this gateway names no versions, so this write cannot be bound to one',
    );
  const wanted = call.headers['if-match'];
  if (wanted !== undefined && wanted !== etag)
    return outcomeAnswer(412, 'conflict', 'the resource has another version than the one in If-Match');
  return send(call, decision, upstream, { 'if-match': etag });
}

async function send(
  call: Call,
  decision: AllowedRequest,
  upstream: Upstream,
  bound: Readonly<Record<string, string>>,
): Promise<Answer> {
  const minimal = decision.representation ? {} : { prefer: 'return=minimal' };
  const condition = conditionOf(call, decision);
  const asked = askedOf(call, { headers: { ...AS_JSON, ...minimal, ...bound, ...condition } });
  return answerTo(await upstream.hold(asked), decision, upstream);
}

/** The narrowed condition of a create. */
function conditionOf({ ifNoneExist }: Call, { add }: AllowedRequest): Record<string, string> {
  if (ifNoneExist === undefined || add.length === 0) return {};
  const narrowed = joined([...new URLSearchParams(ifNoneExist), ...add]);
  return { 'if-none-exist': encoded(narrowed) };
}

/** A server may send the resource though it was asked not to; whoever may not read does not get it (SEM-13). */
function answerTo(held: Held, { representation, visible }: AllowedRequest, upstream: Upstream): Answer {
  if (held.status >= 300) return failureOf(held, upstream);
  const content = parseJson(held.body);
  const headers = headersOf(held, upstream);
  if (!isResource(content)) return { status: held.status, headers };
  if (content.resourceType === 'OperationOutcome') return { status: held.status, headers, body: content };
  const isShown = representation && visible(content);
  return isShown ? { status: held.status, headers, body: content } : { status: held.status, headers };
}
