/**
 * The embedded driver: one SQLite file on node:sqlite, for one machine, with nothing to install. A server has the file to
 * itself; commands reach it through the server.
 */
export { makeFolder, openEmbeddedStore } from './driver.ts';
export { openForCommand, openForServer } from './open.ts';
