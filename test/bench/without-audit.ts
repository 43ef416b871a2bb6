// Loaded before a server that is measured, it has the server put together without its audit log: what the log costs is what
// the server needs less then. No setting of ours does that, and none should.
import { registerHooks } from 'node:module';

const REPLACED = new URL('../../src/compose-audit.ts', import.meta.url).href;
const BY = new URL('no-audit-log.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url === REPLACED ? { ...found, url: BY } : found;
  },
});
