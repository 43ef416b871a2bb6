/**
 * What SMART App Launch says, as pure functions: the scope grammar of v1 and v2, what may be granted, what travels
 * beside a token, and the discovery document. Knows no HTTP, no store and no clock; imports only `oauth`.
 */
export {
  PERMISSIONS,
  constraintKey,
  formatResourceScope,
  parseScope,
  permissionLetters,
  type Constraint,
  type ContextScope,
  type Level,
  type ParsedScope,
  type Permission,
  type ResourceScope,
  type Scope,
  type ScopeProblem,
  type ScopeProblemCode,
} from './scope.ts';
export { covers } from './scope-index.ts';
export {
  formatScopeList,
  intersect,
  isResourceScope,
  narrow,
  parseScopeList,
  shortScopeText,
  shortest,
  within,
  type ScopeList,
} from './scope-set.ts';
export { askedAbout, decideGrant, seeingAndChanging } from './approval.ts';
export {
  decideOffer,
  describeDropped,
  needsEncounter,
  needsPatient,
  type DropReason,
  type DroppedScope,
  type GrantBounds,
  type GrantDecision,
} from './grant-decision.ts';
export { BREAK_GLASS, PURPOSE_BREAK_GLASS, breakGlassScope, breaksGlass } from './break-glass.ts';
export { ENFORCEABLE_PARAMETERS } from './enforceable.ts';
export { granularChoices } from './granular.ts';
export {
  SENSITIVE_KINDS,
  heldBack,
  isHeldBack,
  labelsOf,
  sensitiveKindOf,
  sensitiveScope,
  type Label,
  type SensitiveKind,
} from './sensitive.ts';
export {
  contextAsOf,
  contextTypesOf,
  isFhirId,
  parseLaunchContext,
  type FhirContextItem,
  type LaunchContext,
  type ParsedLaunchContext,
} from './launch-context.ts';
export {
  FHIR_VERSIONS,
  RESOURCE_TYPES,
  isResourceType,
  resourceTypesOf,
  type FhirVersion,
} from './resource-types.ts';
export { capabilities, type Features } from './capabilities.ts';
export {
  smartConfiguration,
  type Endpoints,
  type SmartConfiguration,
  type SmartConfigurationInput,
} from './smart-configuration.ts';
export { LATEST_SMART_VERSION, SMART_VERSIONS, isAtLeast, type SmartVersion } from './version.ts';
export { US_CORE_CATEGORIES, US_CORE_TYPES, categoryScope, usCoreScopes, type Category } from './us-core.ts';
