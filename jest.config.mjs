/** Tests run on Node's own type stripping: no transform, `.ts` specifiers, ES modules. */
export default {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/support/setup-realm.mjs'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  moduleNameMapper: {},
  // A test that hangs; several starts of a server on a machine that does other work take longer than half of it.
  testTimeout: 60_000,
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};
