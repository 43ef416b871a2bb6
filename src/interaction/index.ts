/**
 * The screens of one authorization: sign in, choose a patient and a visit, consent. Owns which comes when and what each
 * shows; the protocol engine, the store and the FHIR server are ports. Mounted by app.ts.
 */
export type { Approval, AuthorizationEngine, PendingAuthorization } from './engine.ts';
export type { Directory, EncounterSummary, PatientSummary } from './directory.ts';
export { errorWords } from './error-words.ts';
export { speakLanguages, takeLanguage } from './other-languages.ts';
export { wordsFor } from './page-words.ts';
export { createPages, type ErrorPage, type Pages } from './pages.ts';
export type { InteractionParts, ProgressStore } from './parts.ts';
export { PROGRESS_SECONDS, unsigned, type Progress } from './progress.ts';
export { showProblem } from './problems.ts';
export { interactionRoutes } from './routes.ts';
