/**
 * What an officer is handed: files, a manifest with the hash of each, and a signature over the manifest. Pure but for the signing;
 * who calls it gathers the files and writes them. Called by the command line.
 */
export {
  checkBundle,
  sealBundle,
  type Bundled,
  type BundleKey,
  type BundleReport,
  type Product,
} from './bundle.ts';
export { controlMatrix } from './controls.ts';
