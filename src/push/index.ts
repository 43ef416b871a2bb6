/**
 * Sends records of decisions on to FHIR servers: in order for each person, at least once, from what lies in the archive.
 * Owns when something is sent, tried again and set aside. Knows no file and no HTTP: `archive/` keeps what was sent,
 * `fhir/` speaks to the servers. Started in app.ts; `gatehouse consent push` looks at it.
 */
export { createLane, type Lane, type LaneState } from './lane.ts';
export type { Marks, Outcome, Outlet, Place, SetAside, Track, Trouble, Waiting } from './ports.ts';
export { startSender, type Sender } from './sender.ts';
