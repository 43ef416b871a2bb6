export {
  createGrantIndex,
  createProviderAdapter,
  createStoreKeys,
  createVault,
  newGrantId,
  newTokenText,
  openRedisStore,
  runInRequestScope,
} from '../../src/store/index.ts';
export { usCoreScopes } from '../../src/smart/index.ts';
