import type { ProtocolParts } from './compose-provider.ts';
import type { Account, FactorStore, MailedCodeParts, OneTimeParts } from './identity/index.ts';
import { createFactorThrottle, createMailLimit, createResetLimit } from './limits/index.ts';
import { ACCOUNT_PATH } from './my-apps/index.ts';
import { createNotice, type SecondStepParts } from './second-step/index.ts';
import {
  createAccountStore,
  createChallengeStore,
  createFactorStore,
  createOneTimeCodeStore,
} from './store/index.ts';

export interface ComposedFactors {
  readonly factors: FactorStore;
  readonly secondStep: SecondStepParts;
  readonly oneTime: OneTimeParts;
  readonly mailed?: MailedCodeParts;
  /** A code can be mailed to them, and counts. */
  readonly mayMail: (account: Account) => boolean;
  readonly waitForReset: (address: string) => Promise<number>;
}

/** Joins what people sign in with beside a password with store, mail and pages. Part of the composition root: see public-app.ts. */
export function composeFactors(parts: ProtocolParts): ComposedFactors {
  const { config, clock, vault, trust, audit, counters, pages, outbox } = parts;
  const { name, issuer } = config;
  const factors = createFactorStore(vault, trust.unsureBefore);
  const challenges = createChallengeStore(vault, trust.unsureBefore);
  const hash = (kind: string, text: string): string => vault.keys.keyedHash(kind, text);
  const oneTime = { codes: createOneTimeCodeStore(vault, trust.unsureBefore), hash, clock };
  const mailed = outbox && { ...oneTime, outbox, mayMail: createMailLimit(counters) };
  return {
    ...{ factors, oneTime, ...(mailed ? { mailed } : {}) },
    secondStep: {
      ...{ name, factors, hash, audit, clock, ...(mailed ? { mailed } : {}) },
      accounts: createAccountStore(vault),
      passkeys: { factors, challenges, clock, issuer, name },
      throttle: createFactorThrottle(counters),
      accountPath: ACCOUNT_PATH,
      notice: createNotice(outbox, name, issuer + ACCOUNT_PATH),
      render: (ctx, page, data, status) => pages.render(ctx, page, { ...data }, status),
    },
    mayMail: ({ email, emailVerified }) =>
      mailed !== undefined && config.signIn.mailedCodes && email !== undefined && emailVerified === true,
    waitForReset: createResetLimit(counters),
  };
}
