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
  cookiesFile: 'cookies',
  redisUrlFile: 'redisUrl',
  client_secret_file: 'client_secret',
};

/**
 * Reads file and environment into one frozen configuration.
 *
 * @throws ConfigProblems with every problem at once
 */
export function loadConfig({ file, env, readFile = readText }: ConfigSources): Config {
  const lines = new LineCounter();
  const document = file === undefined ? undefined : parse(file, readFile, lines);
  const raw = asRecord(document?.toJS());
  const problems: string[] = [];
  resolveFiles(raw, readFile, problems);
  const environment = readEnvironment(env, readFile);
  problems.push(...environment.problems);
  for (const override of environment.overrides) assign(raw, override);

  const parsed = configSchema.safeParse(raw);
  const locate = createLocator(file ?? 'environment', document, lines, environment.overrides);
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => describe(issue, locate)));
  if (problems.length > 0 || !parsed.data) throw new ConfigProblems(problems);
  return deepFreeze(parsed.data);
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

/** Replaces `storeFile: /run/secrets/x` and its like by what that file holds. */
function resolveFiles(node: unknown, readFile: ReadFile, problems: string[]): void {
  if (Array.isArray(node)) for (const item of node) resolveFiles(item, readFile, problems);
  if (!isRecord(node)) return;
  for (const [name, value] of Object.entries(node)) {
    const target = FILE_SETTINGS[name];
    if (target === undefined || typeof value !== 'string') {
      resolveFiles(value, readFile, problems);
      continue;
    }
    if (target in node) problems.push(`${name}: also set as ${target}; keep one`);
    try {
      const text = readFile(value).trim();
      node[target] = target === 'cookies' ? text.split(/\s+/) : text;
    } catch (error) {
      problems.push(
        `${name}: cannot read ${value}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    Reflect.deleteProperty(node, name);
  }
}

function assign(raw: Record<string, unknown>, { path, value }: Override): void {
  let node: Record<string | number, unknown> = raw;
  for (const [at, part] of path.slice(0, -1).entries()) {
    const next = node[part];
    if (!isRecord(next) && !Array.isArray(next))
      node[part] = typeof path[at + 1] === 'number' ? [{ id: 'main' }] : {};
    node = node[part] as Record<string | number, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) node[last] = value;
  if (last === 'redisUrl') node['driver'] = 'redis';
}

type Locate = (path: readonly PropertyKey[], unknownKey?: string) => string;

function createLocator(
  file: string,
  document: Document | undefined,
  lines: LineCounter,
  overrides: readonly Override[],
): Locate {
  return (path, unknownKey) => {
    const override = overrides.find((one) => one.path.every((part, at) => path[at] === part));
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
