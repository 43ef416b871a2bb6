/**
 * The embedded driver: one SQLite file on node:sqlite, for one machine, with nothing to install. A server has the file to
 * itself; commands reach it through the server.
 */
export { openEmbeddedStore } from './driver.ts';
export { makeFolder } from './file.ts';
export { openForCommand, openForServer } from './open.ts';
export { lockFile } from './server-lock.ts';
