/**
 * Are these options what the types say? Not everybody compiles with them, and a variable of the environment may be unset.
 *
 * @throws TypeError that names the option and what it must be
 */
export function checkOptions(options: unknown): void {
  must(isObject(options), 'options must be an object');
  const { issuer, fhirBaseUrl, credentials, timeoutMs, onProblem, fetch, clock } = options;
  must(isBaseUrl(issuer), 'issuer must be an http or https URL without query');
  must(isBaseUrl(fhirBaseUrl), 'fhirBaseUrl must be an http or https URL without query');
  checkCredentials(credentials);
  must(timeoutMs === undefined || isCount(timeoutMs, 1), 'timeoutMs must be a whole number from 1');
  checkCache(options['cache']);
  checkUsage(options['usage']);
  for (const [name, value] of Object.entries({ onProblem, fetch, clock }))
    must(value === undefined || typeof value === 'function', `${name} must be a function`);
}

function checkCredentials(credentials: unknown): void {
  const shape = '{ clientId, clientSecret } or { clientId, privateKey }';
  must(isObject(credentials), `credentials must be ${shape}`);
  const { clientId, clientSecret, privateKey } = credentials;
  must(isText(clientId), 'credentials.clientId must be a text that is not empty');
  if ('clientSecret' in credentials)
    return must(isText(clientSecret), 'credentials.clientSecret must be a text that is not empty');
  must('privateKey' in credentials, `credentials must be ${shape}`);
  const isKey = isObject(privateKey) && [privateKey['alg'], privateKey['kid'], privateKey['d']].every(isText);
  must(isKey, 'credentials.privateKey must be a private JWK with alg and kid');
}

function checkCache(cache: unknown): void {
  if (cache === undefined || cache === false) return;
  must(isObject(cache), 'cache must be false or an object');
  const { entries = 0, seconds = 0 } = cache;
  must(isCount(entries, 0), 'cache.entries must be a whole number from 0');
  must(isSeconds(seconds), 'cache.seconds must be a number from 0');
}

function checkUsage(usage: unknown): void {
  if (usage === undefined || usage === false) return;
  must(isObject(usage), 'usage must be false or an object');
  const { everySeconds = 1, most = 0 } = usage;
  must(isSeconds(everySeconds) && everySeconds !== 0, 'usage.everySeconds must be a number above 0');
  must(isCount(most, 0), 'usage.most must be a whole number from 0');
}

/** Timers of Node that take longer run at once. */
const MOST_SECONDS = 2_147_483;

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= MOST_SECONDS;
}

/** Of things, or of milliseconds. */
function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) < 2 ** 31;
}

function must(isFine: boolean, problem: string): asserts isFine {
  if (!isFine) throw new TypeError(`createResourceServer: ${problem}`);
}

function isBaseUrl(value: unknown): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
