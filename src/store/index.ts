/**
 * Where everything lives: two drivers behind one port, sealed values, token texts, the unit of work of a request, and
 * the ports other folders declare. Decides nothing about who may do what. Assembled in app.ts and by the command line.
 */
export { createAccountStore } from './accounts.ts';
export { createAppsOfSessions } from './apps-of-sessions.ts';
export { createAssertionMemory, createFirst } from './assertions.ts';
export { createClientStore } from './clients.ts';
export { watchConcerns, type ConcernWatch } from './concern-watch.ts';
export { createRecentPatients } from './recent-patients.ts';
export { createConsentMemory } from './consent-memory.ts';
export { createCounters } from './counters.ts';
export {
  StoreUnavailable,
  isStoreUnavailable,
  type Commit,
  type CommitOutcome,
  type Row,
  type StoreDriver,
  type Watcher,
} from './driver.ts';
export { lockFile, makeFolder, openEmbeddedStore, openForCommand, openForServer } from './embedded/index.ts';
export { adoptStore, readEpoch, type StoreEpoch } from './epoch.ts';
export { createFactorStore } from './factors.ts';
export { guardEpoch, type GuardedStore, type Trust } from './guard.ts';
export { openKeyRing, type KeyRing } from './key-ring.ts';
export { createGrantIndex, type GrantIndex } from './grants.ts';
export { createGrantList } from './grant-list.ts';
export { createLaunchStore } from './launches.ts';
export { createChallengeStore, createOneTimeCodeStore } from './one-time.ts';
export { createPostedRequestStore } from './posted-requests.ts';
export { createProgressStore, type ProgressStore } from './progress.ts';
export { createProviderAdapter } from './provider-adapter.ts';
export { openRedisStore, type RedisPlace } from './redis/index.ts';
export { withPageRequest } from './page-request.ts';
export { remembersReads } from './request-reads.ts';
export {
  runInRequestScope,
  type RequestPurpose,
  type RequestScope,
  type ScopeOutcome,
} from './request-scope.ts';
export { SealBroken, createStoreKeys, type StoreKeys } from './sealing.ts';
export { createAuditKeyStore, createRecordKeyStore, createSigningKeyStore } from './signing-keys.ts';
export { createSessionEnd, type EndSession, type EndedSession } from './session-end.ts';
export { createSessionList } from './sessions.ts';
export {
  disguiseJwt,
  grantIdOf,
  grantRefOf,
  newGrantId,
  newJwtId,
  newTokenText,
  readRefreshText,
  type TokenKind,
} from './token-text.ts';
export { KEY_TABLE } from './key-table.ts';
export { createGrantNarrowing } from './narrow-grant.ts';
export type { GrantWords } from './grant-words.ts';
export { createTokenReader } from './token-reader.ts';
export { grantOfTombstone, key, type KeyedTokenKind } from './keys.ts';
export { exportStore, importStore, type ImportSummary } from './transfer/index.ts';
export { createAccountLinks, createSignInAttempts, createUpstreamSessions } from './upstream.ts';
export { createUsageStore } from './usage.ts';
export { allTakenBack } from './unsettled.ts';
export { createVault, type Vault } from './vault.ts';
