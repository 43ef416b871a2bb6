/**
 * Where records of decisions and the audit log lie: files below the data directory, to which lines are added and from which
 * nothing is ever taken. Knows files and nothing of what a line says; `records/` and `trail/` declare the ports. Assembled in
 * app.ts and by the commands.
 */
export { createFileArchive, readKeysFile, type FileArchive, type FileArchiveParts } from './file-archive.ts';
export { createTrailFiles, type TrailFiles } from './trail-files.ts';
