import Router from '@koa/router';
import type { Context } from 'koa';

import type { AuditRecorder } from '../audit/index.ts';
import type { Client } from '../clients/index.ts';
import type { Clock, EpochSeconds } from '../oauth/index.ts';
import type { News, RevocationFeed } from '../revocations/index.ts';
import { openEventStream, type EventStream } from './event-stream.ts';
import { resourceServerOf, type CallerParts, type ResourceServerCaller } from './resource-server-caller.ts';

export const REVOCATIONS = '/revocations';

/** Of one resource server on one node; each of its processes needs one. */
const MOST_STREAMS = 64;
/** Then the reader connects anew, and proves anew who it is. */
const LONGEST_STREAM_SECONDS = 15 * 60;
/** So many endings are told one by one to who comes back; they go out in one write. */
const MOST_TOLD_AGAIN = 256;
/** What is told may be so old; of what is older nobody has any use. */
const OLDEST_MS = 1000;
const RETRY_SECONDS = '1';

export interface RevocationFeedRouteParts extends CallerParts {
  readonly feed: RevocationFeed;
  readonly audit: AuditRecorder;
  readonly clock: Clock;
}

/**
 * `GET /revocations`: tells a resource server which grants ended, so that it may keep answers of introspection. With
 * `Accept: text/event-stream` as they end, else those since `after`. `at` and `age_ms` say up to when all of it is told.
 *
 * @see docs/resource-servers.md, "How revocations reach you"
 */
export function revocationFeed(parts: RevocationFeedRouteParts): Router {
  const router = new Router();
  const streams = new Map<string, number>();
  router.get(REVOCATIONS, async (ctx) => {
    const caller = await resourceServerOf(ctx, parts);
    if (!caller) return;
    const age = performance.now() - parts.feed.completeTo();
    if (age > OLDEST_MS)
      answer(ctx, 503, 'temporarily_unavailable', 'this node cannot tell now what has ended');
    else if (/\btext\/event-stream\b/i.test(ctx.get('Accept'))) await stream(ctx, caller, streams, parts);
    else poll(ctx, age, parts);
  });
  return router;
}

function poll(ctx: Context, age: number, { feed, clock }: RevocationFeedRouteParts): void {
  const { after } = ctx.query;
  const news = feed.since(typeof after === 'string' ? after : undefined);
  ctx.body = { ...news, age_ms: Math.ceil(age), now: clock() };
}

async function stream(
  ctx: Context,
  caller: ResourceServerCaller,
  streams: Map<string, number>,
  { feed, audit, clock, clients }: RevocationFeedRouteParts,
): Promise<void> {
  const { client_id: clientId } = caller.client.registration;
  if (ctx.req.destroyed || ctx.res.destroyed) {
    // It left while we asked who it is: nobody would tell of its end.
    ctx.respond = false;
    return;
  }
  const open = streams.get(clientId) ?? 0;
  if (open >= MOST_STREAMS) {
    ctx.set('Retry-After', RETRY_SECONDS);
    answer(
      ctx,
      429,
      'temporarily_unavailable',
      `this node has ${MOST_STREAMS} streams of this client already`,
    );
    return;
  }
  streams.set(clientId, open + 1);
  const began = performance.now();
  const until = Math.min(clock() + LONGEST_STREAM_SECONDS, caller.token?.exp ?? Infinity);
  const isStillAllowed = (): boolean => clock() < until && mayGoOn(caller.client, clients.peek(clientId));
  ctx.respond = false;
  const out = openEventStream(ctx.res, (why) => {
    unfollow();
    const left = (streams.get(clientId) ?? 1) - 1;
    if (left > 0) streams.set(clientId, left);
    else streams.delete(clientId);
    void audit.record({
      type: 'revocations.closed',
      outcome: 'success',
      resourceServer: clientId,
      reason: why,
    });
  });
  catchUp(out, feed.since(ctx.get('Last-Event-ID') || undefined), clock());
  const unfollow = feed.follow({
    ended(ref, cursor) {
      out.send('ended', { grant_ref: ref }, cursor);
      if (ref === caller.token?.extra?.['grant_ref']) out.end();
    },
    resync(cursor) {
      out.send('resync', { now: clock() }, cursor);
      // It may be this client that changed: then the next sign of life is the end.
      void clients.find(clientId).catch(() => undefined);
    },
    upTo(moment) {
      if (isStillAllowed()) out.send('alive', { at: Math.floor(moment - began) });
      else out.end();
    },
    end: () => out.end(),
  });
  await audit.record({ type: 'revocations.opened', outcome: 'success', resourceServer: clientId });
}

/**
 * What happened since the reader was here. Only the last event says how far it goes: whoever is cut off before it begins
 * again where it was. Who missed much is better off forgetting all.
 */
function catchUp(out: EventStream, { cursor, ended, resync }: News, now: EpochSeconds): void {
  if (resync || ended.length > MOST_TOLD_AGAIN) {
    out.send('resync', { now }, cursor);
    return;
  }
  for (const [at, ref] of ended.entries())
    out.send('ended', { grant_ref: ref }, at === ended.length - 1 ? cursor : undefined);
}

/** After each change it is read anew; until that is done the stream goes on. */
function mayGoOn(proved: Client, remembered: { readonly client: Client | undefined } | undefined): boolean {
  if (!remembered || remembered.client === proved) return true;
  const { client } = remembered;
  return (
    client !== undefined &&
    !client.disabled &&
    client.registration.rights.includes('introspect') &&
    client.registration.client_secret === proved.registration.client_secret
  );
}

function answer(ctx: Context, status: number, error: string, description: string): void {
  ctx.status = status;
  ctx.body = { error, error_description: description };
}
