import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file to serve as it is. */
export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Everything under `public/` by its URL path, read once: what is not in the table cannot be reached, whatever the
 * path says. The `fhirclient` browser build is served unmodified; the sample apps are ordinary SMART apps.
 */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const root = fileURLToPath(new URL('./public', import.meta.url));
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const file = join(root, name);
    const type = TYPES[extname(name)];
    if (type && statSync(file).isFile()) {
      assets.set(`/${name.split(sep).join('/')}`, { type, content: readFileSync(file) });
    }
  }
  assets.set('/assets/fhir-client.min.js', { type: 'text/javascript; charset=utf-8', content: fhirClient() });
  return assets;
}

/** The copy beside this module (in the built image, which has no development dependencies), else the package's. */
function fhirClient(): Buffer {
  const beside = fileURLToPath(new URL('./assets/fhir-client.min.js', import.meta.url));
  if (existsSync(beside)) return readFileSync(beside);
  return readFileSync(createRequire(import.meta.url).resolve('fhirclient/build/fhir-client.min.js'));
}
