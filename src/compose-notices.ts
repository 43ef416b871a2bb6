import type { ProtocolParts } from './compose-provider.ts';
import type { Languages } from './language/index.ts';
import { MY_APPS_PATH } from './my-apps/index.ts';
import {
  createEmergencyNotice,
  createGrantNotice,
  createReminders,
  type EmergencyNotice,
  type GrantNotice,
} from './notices/index.ts';
import { oneAtATime } from './oauth/index.ts';
import { createAccountStore, createFirst, createGrantList } from './store/index.ts';

const HOUR_MS = 3_600_000;

/** What people are told by mail about a grant; `undefined`: nothing. Part of the composition root: see public-app.ts. */
export function composeGrantNotice({ config, outbox }: ProtocolParts): GrantNotice | undefined {
  if (!outbox || !config.notices.grants) return undefined;
  return createGrantNotice(outbox, config.name, config.issuer + MY_APPS_PATH);
}

/** `undefined`: there is no mail, and then nobody can break the glass. */
export function composeEmergencyNotice(
  { config, outbox }: ProtocolParts,
  languages: Languages,
): EmergencyNotice | undefined {
  return outbox && createEmergencyNotice(outbox, config.name, languages.choose({}));
}

/** Reminds people once a day who has access; stopped by what it returns. */
export function startReminders(
  { config, outbox, vault, clock, clients, log }: ProtocolParts,
  languages: Languages,
): () => void {
  const { remindEveryDays: everyDays } = config.notices;
  if (!outbox || everyDays === 0) return () => undefined;
  const grantList = createGrantList(vault);
  const remind = createReminders({
    ...{ outbox, clock, everyDays, brand: config.name, myAppsUrl: config.issuer + MY_APPS_PATH },
    accounts: createAccountStore(vault),
    grantsOf: (accountId) => grantList({ accountId }),
    nameOf: async (clientId) => (await clients.find(clientId))?.registration.client_name ?? clientId,
    first: createFirst(vault),
    language: languages.choose({}),
  });
  const look = oneAtATime(async () => {
    try {
      const reminded = await remind();
      if (reminded > 0) log.info({ reminded }, 'people were reminded which apps have access');
    } catch (error) {
      log.warn({ err: error }, 'people could not be reminded');
    }
  });
  const timer = setInterval(() => void look(), HOUR_MS).unref();
  void look();
  return () => clearInterval(timer);
}
