import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';

import type { TokenAnswer } from '../../support/flow.ts';
import { serverBehindProxy } from '../../support/proxied.ts';

/** How long a client waits before it tries again; the connection is made anew by then. */
const RETRY_MS = 1500;

describe('the answer of Redis to a commit does not come', () => {
  const stack = serverBehindProxy();

  /** Redis has run the command, and nobody gets a connection until the client has its answer. */
  const awayUntil = async (sent: Promise<TokenAnswer>): Promise<TokenAnswer> => {
    // What was run is on its way back, or cut: the connection ends with it.
    await delay(20);
    stack.proxy.set({ kind: 'refuse' });
    const answer = await sent;
    stack.proxy.set({ kind: 'pass' });
    return answer;
  };

  test('[F02] [F21] [C2.10] a connection that ends before the answer: we look what became of it, and tell', async () => {
    const form = await stack.app.newCode();
    const cut = stack.proxy.onNext('issue', { kind: 'cut-reply' });
    const { status, body } = await stack.app.token(form);
    await cut;
    expect(status).toBe(200);
    expect(await stack.app.isActive(body.access_token)).toBe(true);
  });

  test('[F02] [F21] a code: 503, and the same code once more gives tokens; the grant is not destroyed', async () => {
    const form = await stack.app.newCode();
    const sprung = stack.proxy.onNext(':family', { kind: 'cut-reply' });
    const sent = stack.app.token(form);
    await sprung;
    const first = await awayUntil(sent);
    expect([first.status, first.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect(first.headers.get('retry-after')).toMatch(/^\d+$/);
    await delay(RETRY_MS);
    const { status, body } = await stack.app.token(form);
    expect(status).toBe(200);
    expect(await stack.app.isActive(body.access_token)).toBe(true);
    // It was redeemed now; a third time is a replay.
    expect((await stack.app.token(form)).body.error).toBe('invalid_grant');
    expect(await stack.app.isActive(body.access_token)).toBe(false);
  });

  test('[F02] [C3] a refresh: 503, and the same token once more gives the answer that got lost', async () => {
    const tokens = await stack.app.newTokens();
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    const sprung = stack.proxy.onNext(':answer', { kind: 'cut-reply' });
    // The first command that names the answer is the look-up; the commit is the second.
    const looked = stack.app.token(form);
    await sprung;
    expect((await looked).status).toBe(503);
    await delay(RETRY_MS);
    const { status, body } = await stack.app.token(form);
    expect([status, body['patient']]).toEqual([200, 'p1']);
    expect(await stack.app.isActive(body.access_token)).toBe(true);
  });

  test('[F02] [C3] a refresh whose commit got through: no second successor', async () => {
    const tokens = await stack.app.newTokens();
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    // Only the commit carries the mode.
    const sprung = stack.proxy.onNext('issue', { kind: 'cut-reply' });
    const sent = stack.app.token(form);
    await sprung;
    const first = await awayUntil(sent);
    expect(first.status).toBe(503);
    await delay(RETRY_MS);
    const [one, two] = [await stack.app.token(form), await stack.app.token(form)];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(two.body).toEqual(one.body);
    expect(await stack.app.isActive(one.body.access_token)).toBe(true);
  });

  test('[F05] [F21] a commit that reaches Redis after the client has tried again: nothing comes of it', async () => {
    const form = await stack.app.newCode();
    const sprung = stack.proxy.onNext('issue', { kind: 'late', ms: 3500 });
    const first = await stack.app.token(form);
    await sprung;
    expect(first.status).toBe(503);
    await delay(RETRY_MS);
    const { status, body } = await stack.app.token(form);
    expect(status).toBe(200);
    // It arrives now, and finds the code redeemed: as a replay it would end the grant.
    await delay(2500);
    expect(await stack.app.isActive(body.access_token)).toBe(true);
    expect((await stack.app.refresh(body.refresh_token)).status).toBe(200);
  });
});
