/** SMART's `management_endpoint` (DISC-19). */
export const MY_APPS_PATH = '/apps';

/** In the address after a change: what was done. */
export const STOPPED = 'stopped';
export const CHANGED = 'changed';
