/** Every `reference` in a resource, without the version it may name. Takes time linear in its size. */
export function referencesIn(value: unknown): string[] {
  const found: string[] = [];
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, below] of Object.entries(next)) {
      if (name === 'reference' && typeof below === 'string')
        found.push(below.replace(/\/_history\/[^/]*$/, ''));
      else waiting.push(below);
    }
  }
  return found;
}
