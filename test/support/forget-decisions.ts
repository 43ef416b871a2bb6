import { createAccountStore, createConsentMemory } from '../../src/store/index.ts';
import type { TestServer } from './gatehouse.ts';

/** The boxes of the next consent page begin as they do for whoever sees this app for the first time. */
export async function forgetDecisions(
  { vault }: Pick<TestServer, 'vault'>,
  username = 'amy',
  clientId = 'public-app',
): Promise<void> {
  const account = await createAccountStore(vault).findByUsername(username);
  if (!account) throw new Error(`there is nobody called ${username}`);
  await createConsentMemory(vault).save(account.accountId, clientId, []);
}
