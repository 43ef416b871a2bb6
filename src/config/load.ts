import { readFileSync } from 'node:fs';
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

import { readEnvironment, type Override, type ReadFile } from './environment.ts';
import { configSchema, type Config } from './schema.ts';

/** Everything that is wrong with a configuration, one line each, `file:line:column setting: what to do`. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** Path of the YAML (or JSON) file; absent: environment only. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile?: ReadFile;
}

/** Settings whose value may stand in a file of its own, by the name that then carries its path. */
const FILE_SETTINGS: Readonly<Record<string, string>> = {
  storeFile: 'store',
  storePreviousFile: 'storePrevious',
  cookiesFile: 'cookies',
  redisUrlFile: 'redisUrl',
  passwordFile: 'password',
  sentinelPasswordFile: 'sentinelPassword',
  nodesFile: 'nodes',
  client_secret_file: 'client_secret',
  certificateFile: 'certificate',
  keyFile: 'key',
  clientSecretFile: 'clientSecret',
  clientKeyFile: 'clientKey',
  clientCertificateFile: 'clientCertificate',
};

/** Of these, the ones that are lists: in a file one a line. */
const LISTS: ReadonlySet<string> = new Set(['storePrevious', 'cookies', 'nodes']);

/**
 * Reads file and environment into one frozen configuration.
 *
 * @throws ConfigProblems with every problem at once
 */
export function loadConfig({ file, env, readFile = readText }: ConfigSources): Config {
  const lines = new LineCounter();
  const document = file === undefined ? undefined : parse(file, readFile, lines);
  const raw = asRecord(document?.toJS());
  const environment = readEnvironment(env, readFile);
  const locate = createLocator(file ?? 'environment', document, lines, environment.overrides);
  const unread = resolveFiles(raw, readFile).map(
    ({ path, name, message }) => `${locate(path, name)} ${[...path, name].join('.')}: ${message}`,
  );
  // What could not be read would only be reported again as missing.
  if (unread.length + environment.problems.length > 0)
    throw new ConfigProblems([...unread, ...environment.problems]);
  for (const override of environment.overrides) assign(raw, override);

  const parsed = configSchema.safeParse(raw);
  if (parsed.success) return deepFreeze(parsed.data);
  const problems = parsed.error.issues.flatMap((issue) => describe(issue, locate));
  const hint = file === undefined ? ['(no configuration file was given: add --config FILE)'] : [];
  throw new ConfigProblems([...new Set(problems), ...hint]);
}

/** The files that hold our certificate and its key, where they are in files. */
export function tlsFilesOf({ file, env, readFile = readText }: ConfigSources): string[] {
  const raw = file === undefined ? {} : asRecord(parse(file, readFile, new LineCounter()).toJS());
  const section = asRecord(asRecord(raw['listen'])['tls']);
  return [
    env['TLS_CERTIFICATE_FILE'] ?? section['certificateFile'],
    env['TLS_KEY_FILE'] ?? section['keyFile'],
  ].filter((one) => typeof one === 'string');
}

function parse(file: string, readFile: ReadFile, lineCounter: LineCounter): Document {
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    throw new ConfigProblems([
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigProblems(
      document.errors.map((error) => {
        const { line, col } = lineCounter.linePos(error.pos[0]);
        return `${file}:${line}:${col} ${error.message}`;
      }),
    );
  }
  return document;
}

interface FileProblem {
  readonly path: readonly (string | number)[];
  readonly name: string;
  readonly message: string;
}

/** Replaces `storeFile: /run/secrets/x` and its like by what that file holds; returns what could not be read. */
function resolveFiles(
  node: unknown,
  readFile: ReadFile,
  path: readonly (string | number)[] = [],
): FileProblem[] {
  if (Array.isArray(node)) return node.flatMap((item, at) => resolveFiles(item, readFile, [...path, at]));
  if (!isRecord(node)) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    const target = FILE_SETTINGS[name];
    if (target === undefined || typeof value !== 'string')
      return resolveFiles(value, readFile, [...path, name]);
    if (target in node) return [{ path, name, message: `also set as ${target}; keep one` }];
    Reflect.deleteProperty(node, name);
    try {
      const text = readFile(value).trim();
      node[target] = LISTS.has(target) ? text.split(/\s+/) : text;
      return [];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [{ path, name, message: `cannot read ${value}: ${reason}` }];
    }
  });
}

function assign(raw: Record<string, unknown>, { path, value, origin }: Override): void {
  let node: Record<string | number, unknown> = raw;
  for (const [at, part] of path.slice(0, -1).entries()) {
    const next = node[part];
    if (!isRecord(next) && !Array.isArray(next))
      node[part] = typeof path[at + 1] === 'number' ? [{ id: 'main' }] : {};
    node = node[part] as Record<string | number, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) node[last] = value;
  // Who says where Redis is, says that it is the store.
  if (path[0] === 'store' && String(path[1]).startsWith('redis'))
    assign(raw, { path: ['store', 'driver'], value: 'redis', origin });
}

type Locate = (path: readonly PropertyKey[], unknownKey?: string) => string;

function createLocator(
  file: string,
  document: Document | undefined,
  lines: LineCounter,
  overrides: readonly Override[],
): Locate {
  return (path, unknownKey) => {
    // The variable of the setting; for a section that only variables make up, the first of them.
    const override =
      overrides.find((one) => one.path.every((part, at) => path[at] === part)) ??
      (path.length === 0 || document?.hasIn(path)
        ? undefined
        : overrides.find((one) => path.every((part, at) => one.path[at] === part)));
    if (override) return override.origin;
    const offset = document ? offsetOf(document, path, unknownKey) : undefined;
    if (offset === undefined) return file;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
}

/** Where a setting stands; for one that is missing, where the section it belongs into stands. */
function offsetOf(document: Document, path: readonly PropertyKey[], unknownKey?: string): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node) || !node.range) continue;
    if (unknownKey === undefined || !isMap(node)) return node.range[0];
    const pair = node.items.find(
      (item) => isPair(item) && isScalar(item.key) && item.key.value === unknownKey,
    );
    return pair && isScalar(pair.key) && pair.key.range ? pair.key.range[0] : node.range[0];
  }
  return undefined;
}

function describe(issue: z.core.$ZodIssue, locate: Locate): string[] {
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => {
      const full = [name, unknown].filter(Boolean).join('.');
      return `${locate(issue.path, unknown)} ${full}: there is no such setting`;
    });
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [`${locate(issue.path)} ${name || 'configuration'}: ${missing ? 'is missing' : issue.message}`];
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
