/**
 * Where records of decisions and the audit log lie: files below the data directory, to which lines are added and from which
 * nothing is ever taken; and how much of them each receiver has been sent. Knows files and nothing of what a line says;
 * `records/`, `trail/` and `push/` declare the ports. Assembled in app.ts and by the commands.
 */
export { createFileArchive, readKeysFile, type FileArchive, type FileArchiveParts } from './file-archive.ts';
export { freePartOf } from './disk.ts';
export { createTrailFiles, type TrailFiles } from './trail-files.ts';
export { createChainMarks, createDeliveryTrack, deliveryLockIn } from './delivery-track.ts';
export { createDueList } from './due-list.ts';
export { createMarks, createTrack, senderLockIn } from './push-track.ts';
export { createSettingsFile, type SettingsFile } from './settings-file.ts';
