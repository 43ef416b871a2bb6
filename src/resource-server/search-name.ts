/** The name of a search parameter, taken apart (FHIR "Search": modifiers, chained and reverse chained parameters). */
export type SearchName =
  /** `code`, `code:text`, or `subject:Patient` with a type as modifier */
  | { readonly kind: 'plain'; readonly param: string; readonly modifier?: string }
  /** `subject:Patient.name`: the reference to follow, the type it is said to have, and what is asked there */
  | { readonly kind: 'chain'; readonly param: string; readonly type?: string; readonly next: SearchName }
  /** `_has:Observation:patient:code`: those that some Observation refers to by `patient`, and what is asked of it */
  | { readonly kind: 'has'; readonly type: string; readonly param: string; readonly next: SearchName };

/** FHIR sets no limit; a name that goes through more than five resources is refused. */
const MAX_STEPS = 5;
const MAX_LENGTH = 512;
const CODE = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const TYPE = /^[A-Z][A-Za-z]*$/;

/** Reads the name of a search parameter; `undefined` for what is not one. Looks at each character once. */
export function parseSearchName(text: string): SearchName | undefined {
  return text.length > MAX_LENGTH ? undefined : parse(text, MAX_STEPS);
}

function parse(text: string, steps: number): SearchName | undefined {
  if (steps < 0) return undefined;
  if (text.startsWith('_has:')) return parseHas(text, steps);
  const dot = text.indexOf('.');
  const [param = '', modifier, ...more] = (dot < 0 ? text : text.slice(0, dot)).split(':');
  if (!CODE.test(param) || more.length > 0) return undefined;
  if (modifier !== undefined && !CODE.test(modifier)) return undefined;
  if (dot < 0) return { kind: 'plain', param, ...(modifier === undefined ? {} : { modifier }) };
  if (modifier !== undefined && !TYPE.test(modifier)) return undefined;
  const next = parse(text.slice(dot + 1), steps - 1);
  return next && { kind: 'chain', param, ...(modifier === undefined ? {} : { type: modifier }), next };
}

function parseHas(text: string, steps: number): SearchName | undefined {
  const [, type = '', param = '', rest = ''] = /^_has:([^:]*):([^:]*):(.*)$/s.exec(text) ?? [];
  if (!TYPE.test(type) || !CODE.test(param)) return undefined;
  const next = parse(rest, steps - 1);
  return next && { kind: 'has', type, param, next };
}
