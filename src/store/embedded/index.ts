/** The embedded driver: one SQLite file on node:sqlite, for one machine, with nothing to install. */
export { makeFolder, openEmbeddedStore } from './driver.ts';
export { lockForServer } from './server-lock.ts';
