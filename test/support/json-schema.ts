/** A schema, or what is below one; only the keywords that our own schemas use. */
type Schema = Readonly<Record<string, unknown>>;

/** Where a value departs from a JSON Schema. `$ref` must point into the same document. */
export function schemaProblems(root: unknown, value: unknown): string[] {
  return problems(isObject(root) ? root : {}, isObject(root) ? root : {}, value, '');
}

function problems(root: Schema, sent: Schema, value: unknown, at: string): string[] {
  const schema = resolve(root, sent);
  const { type, required, properties, additionalProperties, items, pattern, oneOf } = schema;
  const found: string[] = [];
  const complain = (what: string): void => void found.push(`${at || '/'}: ${what}`);
  if (typeof type === 'string' && typeOf(value) !== type) complain(`is no ${type}`);
  if ('const' in schema && schema['const'] !== value) complain(`is not ${String(schema['const'])}`);
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) complain('is none of those listed');
  if (typeof pattern === 'string' && typeof value === 'string' && !new RegExp(pattern, 'u').test(value))
    complain(`does not match ${pattern}`);
  if (Array.isArray(oneOf)) {
    const fitting = oneOf.filter((one) => isObject(one) && problems(root, one, value, at).length === 0);
    if (fitting.length !== 1) complain(`fits ${fitting.length} of the alternatives`);
  }
  if (Array.isArray(value) && isObject(items))
    found.push(...value.flatMap((each, index) => problems(root, items, each, `${at}/${index}`)));
  if (isObject(value) && !Array.isArray(value)) {
    for (const name of Array.isArray(required) ? required : [])
      if (!Object.hasOwn(value, String(name))) complain(`lacks ${name}`);
    for (const [name, below] of Object.entries(value)) {
      const own = isObject(properties) ? properties[name] : undefined;
      if (isObject(own)) found.push(...problems(root, own, below, `${at}/${name}`));
      else if (additionalProperties === false) complain(`has ${name}`);
      else if (isObject(additionalProperties))
        found.push(...problems(root, additionalProperties, below, `${at}/${name}`));
    }
  }
  return found;
}

function resolve(root: Schema, schema: Schema): Schema {
  const { $ref } = schema;
  if (typeof $ref !== 'string') return schema;
  const found = $ref
    .split('/')
    .slice(1)
    .reduce<unknown>((below, name) => (isObject(below) ? below[name] : undefined), root);
  return isObject(found) ? found : {};
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null;
}
