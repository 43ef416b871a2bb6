import { readFileSync } from 'node:fs';
import type { FhirRequest, FhirResource } from '../../src/resource-server/index.ts';
import type { FhirVersion } from '../../src/smart/index.ts';

/** What a row expects; test/corpus/README.md says what each member means. */
export type Expected =
  | { readonly decision: 'allow' }
  | { readonly decision: 'deny'; readonly code: string; readonly scope?: string }
  | {
      readonly decision: 'narrow';
      readonly add?: string;
      readonly check: readonly string[];
      readonly visible?: readonly string[];
      readonly hidden?: readonly string[];
      readonly withheld?: readonly string[];
    };

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly scopes: string;
  readonly context: Readonly<Record<string, string>>;
  readonly fhirVersion?: FhirVersion;
  readonly resources?: Readonly<Record<string, FhirResource>>;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly contentType?: string;
    readonly form?: string;
    readonly body?: unknown;
    readonly ifNoneExist?: string;
  };
  readonly expect: Expected | { readonly entries: readonly Expected[] };
}

export interface Corpus {
  readonly resources: Readonly<Record<string, FhirResource & { readonly id: string }>>;
  readonly rows: readonly Row[];
}

export function readCorpus(): Corpus {
  return JSON.parse(readFileSync('test/corpus/scope-decisions.json', 'utf8')) as Corpus;
}

/** The request of a row as the kit takes it. */
export function requestOf({ request }: Row): FhirRequest {
  const { method, path, contentType, form, body, ifNoneExist } = request;
  const mark = path.indexOf('?');
  return {
    method,
    pathBelowBase: mark < 0 ? path : path.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1)),
    contentType,
    form: form === undefined ? undefined : new URLSearchParams(form),
    body,
    ifNoneExist,
  };
}
