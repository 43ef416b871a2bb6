/**
 * The configuration: one schema, read once from a YAML file and the environment, then frozen. Reports every problem
 * together, each with its place. Called by the command line only; everyone else is handed the parts they use.
 */
import type { Config } from './schema.ts';

export { basePathOf, sharedBasePaths, warningsAbout } from './fhir-paths.ts';
export { ConfigProblems, loadConfig, tlsFilesOf, type ConfigSources } from './load.ts';
export { Secret } from './secret.ts';
export {
  configSchema,
  type AuditReceiverConfig,
  type Config,
  type ConfigInput,
  type FhirServerConfig,
  type IdentityProviderConfig,
} from './schema.ts';

/** What the store is sealed under: the current secret first. */
export function storeSecrets({ secrets }: Pick<Config, 'secrets'>): readonly Uint8Array[] {
  return [secrets.store, ...secrets.storePrevious].map((secret) => Buffer.from(secret.reveal()));
}
