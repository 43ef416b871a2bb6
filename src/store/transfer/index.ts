/** Moving a store, and bringing one back: rows go through a file as they lie, sealed; nothing of it is opened by others. */
export { exportStore } from './export.ts';
export { importStore, type ImportSummary } from './import.ts';
