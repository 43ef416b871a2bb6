/**
 * EHR launches: what one is, whom it is bound to, and the store it needs. Does not sign anyone in and does not know
 * HTTP. Called by the launch API (announce) and by the authorization request (look, then redeem once).
 */
export {
  VOUCH_TYPE,
  readVouch,
  vouchUrl,
  type VouchAsked,
  type VouchProblem,
  type Vouched,
} from './vouch.ts';
export {
  LAUNCH_TTL_SECONDS,
  checkLaunch,
  launchUrl,
  type LaunchProblemCode,
  type LaunchRecord,
  type LaunchStore,
} from './launch.ts';
