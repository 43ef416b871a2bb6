/** Names for what differs from run to run, so that an example and a live answer can stand side by side. */
type Places = Readonly<Record<string, string>>;

/** One way in which an answer is not its example. */
export interface Difference {
  readonly how: 'extra' | 'absent' | 'other';
  /** A path such as `$.iat`, `$.fhirContext[1]`, or `$.capabilities[launch-ehr]` in a list of texts. */
  readonly at: string;
  readonly says: string;
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
  code: (value) => (isText(value, HEADER_SAFE) ? '<token>' : value),
  state: (value) => (isText(value, /./) ? '<text>' : value),
  id_token: (value) => (isText(value, JWT) || /^<JWT/.test(String(value)) ? '<jwt>' : value),
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

/** Where a normalised answer is not like its normalised example; none when it is. */
export function differences(example: unknown, answer: unknown, path = '$'): Difference[] {
  if (isTexts(example) && isTexts(answer)) return setDifferences(example, answer, path);
  if (haveUrls(example) && haveUrls(answer)) return differences(byUrl(example), byUrl(answer), path);
  if (Array.isArray(example) && Array.isArray(answer)) return listDifferences(example, answer, path);
  if (isRecord(example) && isRecord(answer)) {
    const names = new Set([...Object.keys(example), ...Object.keys(answer)]);
    return [...names].sort().flatMap((name) => memberDifferences(name, example, answer, path));
  }
  if (Object.is(example, answer)) return [];
  return [{ how: 'other', at: path, says: `${tell(answer)}, the example has ${tell(example)}` }];
}

type Json = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** FHIR extensions: their order means nothing. */
function haveUrls(value: unknown): value is readonly { readonly url: string }[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && typeof item['url'] === 'string');
}

function byUrl(items: readonly { readonly url: string }[]): Json {
  return Object.fromEntries(items.map((item) => [item.url, item]));
}

const absent = (at: string): Difference => ({ how: 'absent', at, says: 'is missing' });
const extra = (at: string, value: unknown): Difference => ({
  how: 'extra',
  at,
  says: `${tell(value)} is not in the example`,
});

function memberDifferences(name: string, example: Json, answer: Json, at: string): Difference[] {
  const path = `${at}.${name}`;
  if (!Object.hasOwn(answer, name)) return [absent(path)];
  if (!Object.hasOwn(example, name)) return [extra(path, answer[name])];
  return differences(example[name], answer[name], path);
}

function setDifferences(example: readonly string[], answer: readonly string[], path: string): Difference[] {
  const missing = example.filter((text) => !answer.includes(text)).map((text) => absent(`${path}[${text}]`));
  const more = answer.filter((text) => !example.includes(text));
  return [...missing, ...more.map((text) => extra(`${path}[${text}]`, text))];
}

function listDifferences(
  example: readonly unknown[],
  answer: readonly unknown[],
  path: string,
): Difference[] {
  const longer = example.length > answer.length ? example : answer;
  return longer.flatMap((_, index) => {
    const at = `${path}[${index}]`;
    if (index >= answer.length) return [absent(at)];
    if (index >= example.length) return [extra(at, answer[index])];
    return differences(example[index], answer[index], at);
  });
}

function tell(value: unknown): string {
  return `${JSON.stringify(value)} (${Array.isArray(value) ? 'list' : typeof value})`;
}
