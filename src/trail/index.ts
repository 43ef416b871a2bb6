/**
 * The audit log as a chain that shows when somebody changed it (SEC-4): how a line is written, signed and checked. Pure, but
 * for its port; knows neither files nor the store. `archive/` keeps the lines; the recorder of `audit/` writes to it like to
 * any other sink, and `gatehouse audit` reads it back.
 */
export type { Head, PlacedRecord } from './line.ts';
export { headOf, othersSeenBy, placedIn, recordsIn } from './line.ts';
export { NAMED_AFTER_MS, createTrail, type Trail, type TrailFile, type TrailParts } from './trail.ts';
export type { Fault, FaultKind } from './fault.ts';
export { verifyTrails, type ChainReport, type TrailSource } from './verify.ts';
