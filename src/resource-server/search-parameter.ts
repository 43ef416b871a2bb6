import { isResourceType } from '../smart/index.ts';
import { mayEverything, maySeeAll, quoted, refuse, scopeFor, type Asker } from './asker.ts';
import type { Refused } from './refused.ts';
import type { SearchName } from './search-name.ts';

/** Parameters with `_` that only look at the resource itself. */
const OF_THE_RESOURCE: ReadonlySet<string> = new Set([
  ...['_content', '_id', '_language', '_lastUpdated', '_profile', '_security', '_source', '_tag', '_text'],
]);

/** Parameters that ask for membership in a resource of one of these types. */
const MEMBERSHIP: Readonly<Record<string, readonly string[]>> = {
  _list: ['List'],
  _in: ['CareTeam', 'Group', 'List'],
};

/** What a server makes of these we cannot know; they may reach anything it holds. */
const ANYTHING: ReadonlySet<string> = new Set(['_containedType', '_filter', '_graph', '_query']);

/** Modifiers that only change how the resource's own elements are compared. */
const MODIFIERS: ReadonlySet<string> = new Set([
  ...['code-text', 'contains', 'exact', 'identifier', 'missing', 'not', 'of-type', 'text', 'text-advanced'],
]);

type Plain = Extract<SearchName, { kind: 'plain' }>;

/**
 * Why one parameter by itself would tell of resources the token may not search. Names without `_`, known or not, look
 * at the resource that is searched, and that one is narrowed; names with `_` steer the server, so only known ones pass.
 */
export function refuseParameter(
  asker: Asker,
  { param, modifier }: Plain,
  value: string,
): Refused | undefined {
  if (param.startsWith('_') && !OF_THE_RESOURCE.has(param))
    return refuseControl(asker, param, modifier, value);
  if (modifier === undefined || MODIFIERS.has(modifier) || isResourceType(modifier)) return undefined;
  switch (modifier) {
    case 'in':
    case 'not-in':
      return maySeeAll(asker, 'ValueSet')
        ? undefined
        : refuse(
            `:${modifier} looks into a ValueSet, which no granted scope permits`,
            scopeFor(asker, ['r'], 'ValueSet', 'all'),
          );
    case 'above':
    case 'below':
      // Of a code this is about the code; of a reference, which may be an address too, it follows other resources.
      return namesNoResource(param, value) || mayEverything(asker)
        ? undefined
        : refuse(`:${modifier} may follow references here; write the code with its system`);
    default:
      return refuse(`:${quoted(modifier)} is not a modifier we know`);
  }
}

/** Parameters of addresses that are no references to what the server holds. */
const ADDRESSES: ReadonlySet<string> = new Set(['_profile', '_source', 'url']);

function namesNoResource(param: string, value: string): boolean {
  return ADDRESSES.has(param) || value.split(',').every((one) => one.includes('|'));
}

function refuseControl(
  asker: Asker,
  param: string,
  modifier: string | undefined,
  value: string,
): Refused | undefined {
  if (modifier === undefined && asker.options.parameters?.has(param)) return undefined;
  if (param === '_contained' && modifier === undefined && value === 'false') return undefined;
  if (param === '_contained' || ANYTHING.has(param)) {
    if (mayEverything(asker) && modifier === undefined) return undefined;
    return refuse(
      `${param} may look into any resource, so it needs search over every type of everybody`,
      scopeFor(asker, ['s'], '*', 'all'),
    );
  }
  const types = Object.hasOwn(MEMBERSHIP, param) && modifier === undefined ? MEMBERSHIP[param] : undefined;
  if (!types) return refuse(`${quoted(param)} is not a parameter we know here`);
  const hidden = types.find((type) => !maySeeAll(asker, type));
  if (hidden === undefined) return undefined;
  return refuse(
    `${param} tells what is in a ${hidden}, which no granted scope permits to see whole`,
    scopeFor(asker, ['r'], hidden, 'all'),
  );
}
