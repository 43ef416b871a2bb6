/**
 * The name of a member that stands twice in one object of a JSON text, however it is spelt; `undefined` where none does.
 * Readers do not agree on which of the two counts, so what one judged, another would write down.
 *
 * @param text which is JSON
 */
export function repeatedMember(text: string): string | undefined {
  /** Of each value that is open around us: the names so far of an object, nothing of a list. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') open.push(char === '{' ? new Set() : undefined);
    else if (char === '}' || char === ']') open.pop();
    if (char === '{' || char === ',') isName = true;
    else if (char === ':') isName = false;
    if (char !== '"') continue;
    const end = endOfString(text, at);
    const names = open.at(-1);
    if (isName && names) {
      const name = JSON.parse(text.slice(at, end + 1)) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
    at = end;
  }
  return undefined;
}

/** Where the string that begins here has its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
