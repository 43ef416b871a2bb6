import type { ProtocolParts } from './compose-provider.ts';
import { oneAtATime } from './oauth/index.ts';
import { createExpiry } from './records/index.ts';
import { createFirst, createGrantList } from './store/index.ts';

const MINUTE_MS = 60_000;

/** Looks once a minute for access that ran out; stopped by what it returns. Part of the composition root: see public-app.ts. */
export function startExpiry({ vault, clock, log, records }: ProtocolParts): () => void {
  const grantList = createGrantList(vault);
  const look = createExpiry({
    due: records.due,
    latestWith: (accountId, reference) => records.archive.latestWith(accountId, reference),
    livesUntil: async (accountId, reference) => {
      const grants = await grantList({ accountId });
      return grants.find((grant) => grant.reference === reference)?.expiresAt;
    },
    first: createFirst(vault),
    keep: (decision) => records.records.keep(decision),
    now: clock,
  });
  const lookOnce = oneAtATime(async () => {
    try {
      const expired = await look();
      if (expired > 0) log.info({ expired }, 'access ran out, which was recorded');
    } catch (error) {
      log.warn({ err: error }, 'access that ran out could not be recorded');
    }
  });
  const timer = setInterval(() => void lookOnce(), MINUTE_MS).unref();
  void lookOnce();
  return () => clearInterval(timer);
}
