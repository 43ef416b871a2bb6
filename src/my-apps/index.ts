/**
 * The pages where people see which apps may read whose records, and stop them: SMART's `management_endpoint`; and how they
 * sign in, and where they are signed in. Owns what is shown there and what a form does; grants, clients, usage, sessions and the FHIR server are ports. Mounted by public-app.ts.
 */
export { ACCOUNT_PATH, MY_APPS_PATH, forgottenHref } from './path.ts';
export { myAppsRoutes } from './routes.ts';
export type { MyAppsParts } from './parts.ts';
