/**
 * Where records of decisions lie: files below the data directory, to which lines are added and from which nothing is ever
 * taken. Knows files and nothing of what a record says; `records/` declares the port. Assembled in app.ts and by the commands.
 */
export { createFileArchive, readKeysFile, type FileArchive, type FileArchiveParts } from './file-archive.ts';
