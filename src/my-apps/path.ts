/** SMART's `management_endpoint` (DISC-19). */
export const MY_APPS_PATH = '/apps';
