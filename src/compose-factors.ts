import type { ProtocolParts } from './compose-provider.ts';
import type { Account, FactorStore } from './identity/index.ts';
import { createFactorThrottle } from './limits/index.ts';
import type { SecondStepParts } from './second-step/index.ts';
import { createAccountStore, createChallengeStore, createFactorStore } from './store/index.ts';

export interface ComposedFactors {
  readonly factors: FactorStore;
  readonly secondStep: SecondStepParts;
  readonly mayMail: (account: Account) => boolean;
}

/** Joins what people sign in with beside a password with store and pages. Part of the composition root: see public-app.ts. */
export function composeFactors({
  config,
  clock,
  vault,
  trust,
  audit,
  counters,
  pages,
}: ProtocolParts): ComposedFactors {
  const factors = createFactorStore(vault, trust.unsureBefore);
  const challenges = createChallengeStore(vault, trust.unsureBefore);
  return {
    factors,
    secondStep: {
      ...{ name: config.name, factors, audit, clock },
      accounts: createAccountStore(vault),
      passkeys: { factors, challenges, clock, issuer: config.issuer, name: config.name },
      hash: (kind, text) => vault.keys.keyedHash(kind, text),
      throttle: createFactorThrottle(counters),
      render: (ctx, page, data, status) => pages.render(ctx, page, { ...data }, status),
    },
    mayMail: () => false,
  };
}
