/**
 * What people are told by mail about the apps they allowed: when they allow one that may come back, and once in a while which
 * of them still may. Owns what is written and when; mail, accounts and grants are ports. Called after a grant is made, and by a
 * clock of its own.
 */
export { createEmergencyNotice, type EmergencyNotice } from './emergency-notice.ts';
export { createGrantNotice, type GrantNotice, type NoticedGrant } from './grant-notice.ts';
export { createReminders, type ReminderParts } from './reminders.ts';
export { createSessionNotice } from './session-notice.ts';
