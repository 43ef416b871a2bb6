import { parseScope, type ResourceScope } from './scope.ts';
import { build, narrow } from './scope-set.ts';
import { US_CORE_CATEGORIES, US_CORE_TYPES, categoryScope } from './us-core.ts';

/**
 * The finer scopes a person may choose in place of one that was asked for: the categories of a Condition or Observation
 * scope, the types of a wildcard (CONS-10, CONS-11, G10-09, G10-10). Each is covered by the scope it stands for.
 */
export function granularChoices(scope: ResourceScope): ResourceScope[] {
  const reads = scope.permissions.has('r') || scope.permissions.has('s');
  if (scope.constraints.length > 0 || !reads) return [];
  const categoriesOf = (type: string): string[] =>
    US_CORE_CATEGORIES.filter(({ resourceType }) => resourceType === type).map((category) =>
      categoryScope(scope.level, category),
    );
  const texts =
    scope.resourceType === '*'
      ? US_CORE_TYPES.flatMap((type) => [`${scope.level}/${type}.rs`, ...categoriesOf(type)])
      : categoriesOf(scope.resourceType);
  return texts.flatMap((text) => {
    const parsed = parseScope(text);
    return parsed.ok && parsed.scope.kind === 'resource' ? narrow(parsed.scope, [scope]) : [];
  });
}

/**
 * v1 cannot say a granular scope, so a grant that holds one is written in v2 throughout (SCO-13).
 */
export function asV2(scope: ResourceScope): ResourceScope {
  return scope.spelling === 'v2' ? scope : build({ ...scope, spelling: 'v2' });
}
