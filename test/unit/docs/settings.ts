import type { z } from 'zod';

import { configSchema } from '../../../src/config/index.ts';

/** Every setting there is, and every section: `audit`, `audit.delivery`, `audit.delivery[].maxAwayS`. */
export const SETTINGS: ReadonlySet<string> = new Set(pathsIn(configSchema, ''));

export const isSetting = (name: string): boolean => SETTINGS.has(name);

/** Through whatever is wrapped around a schema, step by step. */
function pathsIn(schema: z.core.$ZodType, at: string): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object')
    return Object.entries(def.shape).flatMap(([name, member]) => {
      const path = at === '' ? name : `${at}.${name}`;
      return [path, ...pathsIn(member, path)];
    });
  if (def.type === 'array') return pathsIn(def.element, `${at}[]`);
  if (def.type === 'union') return def.options.flatMap((option) => pathsIn(option, at));
  if (def.type === 'pipe') return pathsIn(def.in, at);
  return 'innerType' in def ? pathsIn(def.innerType, at) : [];
}
