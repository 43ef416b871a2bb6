/** The embedded driver: one SQLite file on node:sqlite, for one machine, with nothing to install. */
export { openEmbeddedStore } from './driver.ts';
