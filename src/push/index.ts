/**
 * Sends on what lies in files: in order under each name, at least once. Owns when something is sent, tried again and set
 * aside. Knows no file and no HTTP: `archive/` keeps what was sent, `fhir/` and `syslog/` speak to receivers. Records of
 * decisions go this way (`gatehouse consent push` looks at it), and the audit log (`gatehouse audit delivery`).
 */
export { DECISIONS } from './decisions.ts';
export { createLane, statesOf, type Lane, type LaneState } from './lane.ts';
export type { Kind, Marks, Outcome, Outlet, Place, SetAside, Track, Trouble, Waiting } from './ports.ts';
export { startSender, type Sender } from './sender.ts';
