/** Tests run on Node's own type stripping: no transform, `.ts` specifiers, ES modules. */
export default {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/support/setup-realm.mjs'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  moduleNameMapper: {},
  testTimeout: 30_000,
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};
