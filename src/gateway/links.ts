/** The Bundle with the addresses of the server behind us written as ours: links, `fullUrl` and what was made where. */
export function withOurLinks(bundle: object, toOurs: (url: string) => string): object {
  const { link, entry } = bundle as { link?: unknown; entry?: unknown };
  return {
    ...bundle,
    ...(Array.isArray(link) ? { link: link.map((one: unknown) => withOurs(one, 'url', toOurs)) } : {}),
    ...(Array.isArray(entry) ? { entry: entry.map((one: unknown) => ourEntry(one, toOurs)) } : {}),
  };
}

function ourEntry(entry: unknown, toOurs: (url: string) => string): unknown {
  const named = withOurs(entry, 'fullUrl', toOurs);
  if (!isObject(named) || !('response' in named)) return named;
  return { ...named, response: withOurs(named.response, 'location', toOurs) };
}

function withOurs(value: unknown, name: string, toOurs: (url: string) => string): unknown {
  if (!isObject(value)) return value;
  const url: unknown = Reflect.get(value, name);
  return typeof url === 'string' ? { ...value, [name]: toOurs(url) } : value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
