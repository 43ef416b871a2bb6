/**
 * The way to other identity providers and back: what begins a sign-in there, the address its answer comes to, signing out
 * there, and what it tells us behind people's backs. Owns HTTP and this browser's own cookie; what an answer means is
 * `upstream/`'s matter, and the pages it leads back to are `interaction/`'s and `my-apps/`'s. Mounted by public-app.ts.
 */
export { createProviderDoor, type ProviderDoor } from './door.ts';
export type { SignInParts } from './parts.ts';
export { callbackPath, signInRoutes, signedOutPath } from './routes.ts';
export { leadToSignOut } from './sign-out.ts';
