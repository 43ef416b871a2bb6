/**
 * Tells apps that a session has ended (OpenID Connect Back-Channel Logout 1.0): who is told, what, and how often it is
 * tried. Ends nothing itself, and nobody waits for it. Called where a session has ended, by the server and by the command line.
 */
export { createLogoutTeller, type LogoutTeller, type LogoutTellerParts } from './teller.ts';
export type { AppsOfSessions } from './store.ts';
