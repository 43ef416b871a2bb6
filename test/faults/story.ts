import { CookieBrowser } from '../support/browser.ts';
import type { Authorized, TokenAnswer } from '../support/flow.ts';
import { SCOPE, authorize } from '../support/flow.ts';
import { ASSERTION_TYPE, REDIRECT } from '../support/clients.ts';
import type { History, Operation } from './history.ts';
import type { Stack } from './stack.ts';

/** One grant and what its app has been given so far. */
export interface Story {
  readonly id: number;
  readonly code: string;
  readonly verifier: string;
  /** Refresh tokens from the first to the newest. */
  readonly chain: string[];
  readonly accessTokens: string[];
}

/** How a schedule speaks to the nodes: each request becomes an operation of its history. */
export interface Speaker {
  readonly history: History;
  readonly stories: Story[];
  redeem(story: Story, node: number): Promise<TokenAnswer>;
  refresh(story: Story, token: string, node: number): Promise<TokenAnswer>;
  introspect(story: Story | undefined, token: string, node: number): Promise<TokenAnswer>;
  revoke(story: Story, token: string, node: number): Promise<TokenAnswer>;
  /** Its person takes {@link TAKEN} back. */
  narrow(story: Story, node: number): Promise<TokenAnswer>;
  presentAssertion(assertion: string, node: number): Promise<TokenAnswer>;
  /** Goes through the screens, as this browser or a new one; a story begins when they end with a code. */
  beginStory(browser?: CookieBrowser): Promise<Story | undefined>;
  /** From now on nothing disturbs. */
  calm(): void;
}

/** One of the scopes that every story begins with. */
export const TAKEN = 'patient/Observation.rs';

const NO_STORY = -1;

export function createSpeaker(stack: Stack, history: History): Speaker {
  const stories: Story[] = [];
  let isCalm = false;
  const ask = async (
    kind: Operation['kind'],
    shown: string,
    story: number,
    node: number,
    send: () => Promise<TokenAnswer>,
  ): Promise<TokenAnswer> => {
    const [began, from, calm] = [history.tick(), history.now(), isCalm];
    const answer = await send();
    const ms = [from, history.now()] as const;
    history.operations.push({
      ...{ kind, shown, story, node, began, ms, answer },
      ...{ ended: history.tick(), isCalm: calm },
    });
    return answer;
  };
  const keep = (story: Story, answer: TokenAnswer): TokenAnswer => {
    if (answer.status !== 200) return answer;
    const { access_token: accessToken, refresh_token: refreshToken } = answer.body;
    if (!story.accessTokens.includes(accessToken)) story.accessTokens.push(accessToken);
    if (!story.chain.includes(refreshToken)) story.chain.push(refreshToken);
    return answer;
  };
  return {
    history,
    stories,
    calm: () => (isCalm = true),
    async redeem(story, node) {
      const form = { grant_type: 'authorization_code', client_id: 'public-app', redirect_uri: REDIRECT };
      const { code, verifier } = story;
      const sent = { ...form, code, code_verifier: verifier };
      return keep(story, await ask('redeem', code, story.id, node, () => stack.post(node, '/token', sent)));
    },
    async refresh(story, token, node) {
      const form = { grant_type: 'refresh_token', client_id: 'public-app', refresh_token: token };
      return keep(story, await ask('refresh', token, story.id, node, () => stack.post(node, '/token', form)));
    },
    introspect: (story, token, node) =>
      ask('introspect', token, story?.id ?? NO_STORY, node, () => stack.post(node, '/introspect', { token })),
    revoke: (story, token, node) =>
      ask('revoke', token, story.id, node, () =>
        stack.post(node, '/revoke', { token, client_id: 'public-app' }),
      ),
    narrow: (story, node) =>
      ask('narrow', '', story.id, node, () =>
        stack.narrow(node, story.accessTokens[0] ?? '', SCOPE.replace(` ${TAKEN}`, '')),
      ),
    presentAssertion: (assertion, node) =>
      ask('assertion', assertion, NO_STORY, node, () =>
        stack.post(node, '/token', {
          grant_type: 'client_credentials',
          scope: 'system/Patient.rs',
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: assertion,
        }),
      ),
    async beginStory(browser) {
      let way: Authorized | undefined;
      await ask('authorize', '', stories.length, 0, async () => {
        const { answer, authorized } = await walk(stack.issuer, browser);
        way = authorized;
        return answer;
      });
      if (!way) return undefined;
      const story = { id: stories.length, ...way, chain: [], accessTokens: [] };
      stories.push(story);
      return story;
    },
  };
}

/** What the pages answered, in the words of the token endpoint. */
async function walk(
  issuer: string,
  browser = new CookieBrowser(),
): Promise<{ answer: TokenAnswer; authorized?: Authorized }> {
  const told = (status: number, error: string): TokenAnswer => ({
    status,
    headers: new Headers({ 'retry-after': 'in words' }),
    body: { access_token: '', refresh_token: '', scope: '', error },
  });
  try {
    const authorized = await authorize(issuer, { browser });
    const error = authorized.callback.searchParams.get('error');
    if (error === null) return { answer: told(200, 'a code'), authorized };
    return { answer: told(error === 'temporarily_unavailable' ? 503 : 500, error) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const status = Number(/the page answered (\d+)/.exec(message)?.[1] ?? 500);
    return { answer: told(status, status === 503 ? 'temporarily_unavailable' : message) };
  }
}
