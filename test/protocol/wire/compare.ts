/** Names for what differs from run to run, so that an example and a live answer can stand side by side. */
type Places = Readonly<Record<string, string>>;

/** How far a live answer may differ from its example. */
export interface Allowance {
  /** Members that may be there beside those of the example; a path such as `$.iat`. */
  readonly extra?: readonly string[];
  /** Members of the example that are optional and that we leave out. */
  readonly absent?: readonly string[];
  /** Lists of which the example shows a part. */
  readonly shortened?: readonly string[];
}

const REFERENCE = / \(reference [a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\)$/;
const HEADER_SAFE = /^[A-Za-z0-9._~+/-]+=*$/;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** 2020 in seconds: what is smaller is no time, or one in other units. */
const EARLIEST = 1_577_836_800;
const LATEST = 4_102_444_800;

/** Members whose value is different each time. A value of another shape stays as it is, and so is seen. */
const VARIABLE: Readonly<Record<string, (value: unknown) => unknown>> = {
  access_token: (value) => (isText(value, HEADER_SAFE) ? '<token>' : value),
  refresh_token: (value) => (isText(value, HEADER_SAFE) ? '<token>' : value),
  id_token: (value) => (isText(value, JWT) || value === '<JWT>' ? '<jwt>' : value),
  sub: (value) => (isText(value, /./) ? '<id>' : value),
  kid: (value) => (isText(value, /./) ? '<id>' : value),
  exp: time,
  iat: time,
  auth_time: time,
  token_type: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  scope: (value) => (typeof value === 'string' ? value.split(' ').sort().join(' ') : value),
};

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function time(value: unknown): unknown {
  const isTime = typeof value === 'number' && Number.isInteger(value) && value > EARLIEST && value < LATEST;
  return isTime ? '<time>' : value;
}

/** The same message with hosts, ids, times and tokens by their kind; lists of texts are sets, so they are sorted. */
export function normalise(value: unknown, places: Places, name = ''): unknown {
  const variable = VARIABLE[name]?.(value) ?? value;
  if (typeof variable === 'string') return withPlaces(variable, places);
  if (Array.isArray(variable)) {
    const items = variable.map((item) => normalise(item, places));
    return items.every((item) => typeof item === 'string') ? items.sort() : items;
  }
  if (typeof variable !== 'object' || variable === null) return variable;
  return Object.fromEntries(
    Object.entries(variable).map(([member, inner]) => [member, normalise(inner, places, member)]),
  );
}

function withPlaces(text: string, places: Places): string {
  const longestFirst = Object.entries(places).sort(([one], [other]) => other.length - one.length);
  return longestFirst
    .reduce((said, [place, word]) => said.replaceAll(place, word), text)
    .replace(REFERENCE, '');
}

/** Where a normalised answer is not like its normalised example, one line each; none when it is. */
export function differences(
  example: unknown,
  answer: unknown,
  allowed: Allowance = {},
  path = '$',
): string[] {
  if (Array.isArray(example) && Array.isArray(answer)) return listDifferences(example, answer, allowed, path);
  if (isRecord(example) && isRecord(answer)) {
    const names = new Set([...Object.keys(example), ...Object.keys(answer)]);
    return [...names].sort().flatMap((name) => memberDifferences(name, example, answer, allowed, path));
  }
  return Object.is(example, answer) ? [] : [`${path}: ${tell(answer)}, the example has ${tell(example)}`];
}

type Json = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberDifferences(
  name: string,
  example: Json,
  answer: Json,
  allowed: Allowance,
  at: string,
): string[] {
  const path = `${at}.${name}`;
  if (!Object.hasOwn(answer, name)) return allowed.absent?.includes(path) ? [] : [`${path}: is missing`];
  if (!Object.hasOwn(example, name)) {
    return allowed.extra?.includes(path) ? [] : [`${path}: ${tell(answer[name])} is not in the example`];
  }
  return differences(example[name], answer[name], allowed, path);
}

function listDifferences(
  example: readonly unknown[],
  answer: readonly unknown[],
  allowed: Allowance,
  path: string,
): string[] {
  if (allowed.shortened?.includes(path)) {
    const missing = example.filter((item) => !answer.some((one) => differences(item, one).length === 0));
    return missing.map((item) => `${path}: lacks ${tell(item)}`);
  }
  const longer = example.length > answer.length ? example : answer;
  return longer.flatMap((_, at) => {
    if (at >= answer.length) return [`${path}[${at}]: is missing`];
    if (at >= example.length) return [`${path}[${at}]: ${tell(answer[at])} is not in the example`];
    return differences(example[at], answer[at], allowed, `${path}[${at}]`);
  });
}

function tell(value: unknown): string {
  return `${JSON.stringify(value)} (${Array.isArray(value) ? 'list' : typeof value})`;
}
