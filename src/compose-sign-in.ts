import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';

import type { ProtocolParts } from './compose-provider.ts';
import { FhirUnavailable, type FhirDirectory } from './fhir/index.ts';
import { referenceFor } from './http/index.ts';
import type { AccountStore } from './identity/index.ts';
import { PROGRESS_SECONDS, showProblem, unsigned, type Progress } from './interaction/index.ts';
import { SIGN_OUT_PATH, type PersonSessions } from './oidc/index.ts';
import { createProviderDoor, signInRoutes, type ProviderDoor, type SignInParts } from './sign-in/index.ts';
import {
  createAccountLinks,
  createAssertionMemory,
  createGrantIndex,
  createGrantList,
  createSignInAttempts,
  createUpstreamSessions,
  type ProgressStore,
} from './store/index.ts';
import { createBackchannelLogout, createUpstreamSignIn, type Arrived } from './upstream/index.ts';

interface Shared {
  readonly accounts: AccountStore;
  readonly sessions: PersonSessions;
  readonly progress: ProgressStore<Progress>;
  readonly directory: (fhirBaseUrl: string) => FhirDirectory;
  readonly grantTtlSeconds: number;
}

export interface ComposedSignIn {
  readonly door: ProviderDoor;
  readonly routes: ReturnType<typeof signInRoutes>;
}

/** Joins identity providers with accounts, sessions and pages. Part of the composition root: see public-app.ts. */
export function composeSignIn(parts: ProtocolParts, shared: Shared): ComposedSignIn {
  const { config, clock, vault, relyingParty, audit, log, pages, keepEnding } = parts;
  const { accounts, sessions, directory, grantTtlSeconds } = shared;
  const grants = createGrantIndex(vault.driver, grantTtlSeconds);
  const grantList = createGrantList(vault);
  const upstream = createUpstreamSignIn({
    ...{ config, clock, relyingParty, accounts },
    attempts: createSignInAttempts(vault),
    links: createAccountLinks(vault),
    newState: () => randomBytes(24).toString('base64url'),
    endGrants: async (accountId) => {
      const ended = await grantList({ accountId }).catch(() => []);
      await grants.revokeAllOf({ accountId });
      for (const grant of ended) void keepEnding(grant, { by: 'system', why: 'account-changed' });
    },
    findPerson: async (fhirBaseUrl, type, identifier) => {
      try {
        return { ids: await directory(fhirBaseUrl).findPeople(type, identifier) };
      } catch (error) {
        if (error instanceof FhirUnavailable) return 'away';
        throw error;
      }
    },
  });
  const remember = createAssertionMemory(vault, clock);
  const signIn: SignInParts = {
    ...{ config, upstream, audit, log },
    browserHash: (secret) => vault.keys.keyedHash('sign-in-browser', secret),
    backchannelLogout: createBackchannelLogout({
      relyingParty,
      sessions: createUpstreamSessions(vault),
      endSession: (uid, on) => sessions.end(uid, on),
      rememberToken: (provider, jti, until) => remember(`logout ${provider}`, jti, until + SLACK_SECONDS),
    }),
    arrive: (ctx, arrived, provider) => arrive(ctx, arrived, provider, shared),
    lost: (ctx) => showProblem(ctx, 'sign-in-lost', { pages }, { status: 400, code: 'invalid_request' }),
    referenceOf: (ctx) => referenceFor(ctx),
    signedOutPage: `${SIGN_OUT_PATH}/success`,
  };
  return { door: createProviderDoor({ ...signIn, config }), routes: signInRoutes(signIn) };
}

/** A logout token is remembered longer than any tolerance lets it live. */
const SLACK_SECONDS = 60;

/** Back where it began: signed in, or with the reason why not. */
async function arrive(
  ctx: Context,
  { from, silent, result }: Arrived,
  provider: string,
  { sessions, progress }: Pick<Shared, 'sessions' | 'progress'>,
): Promise<string> {
  if (from.page === 'my-apps') {
    if (!result.ok) return `${from.path}?${new URLSearchParams({ provider, problem: result.problem })}`;
    await sessions.begin(ctx, result.account.accountId, result.carried);
    return from.path;
  }
  const known = (await progress.load(from.uid)) ?? {};
  const save = (change: Progress): Promise<void> => progress.save(from.uid, change, PROGRESS_SECONDS);
  if (known.finishedAt !== undefined) return `/interaction/${from.uid}`;
  if (result.ok) {
    const { account, carried } = result;
    const signedIn = { accountId: account.accountId, methods: [carried.method], signedInAt: carried.at };
    await save({ ...unsigned(known), ...signedIn, carried });
  }
  // Whom nobody asked learns nothing of an answer that is none.
  else if (!(silent && QUIET.has(result.problem)))
    await save({ ...known, notSignedIn: { provider, problem: result.problem } });
  return `/interaction/${from.uid}`;
}

const QUIET: ReadonlySet<string> = new Set(['failed', 'away', 'denied']);
