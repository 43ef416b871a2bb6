import { readFileSync } from 'node:fs';
import { request as send } from 'node:http';
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
  readonly context: Readonly<Record<string, unknown>>;
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

export interface RowAnswer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Not every method and path can be sent: OPTIONS is for browsers, CONNECT for proxies. */
export function isSendable({ request: { method, path } }: Row): boolean {
  const isOfOurs = /^[A-Z]+$/.test(method) && !['CONNECT', 'OPTIONS'].includes(method);
  return isOfOurs && /^[\x21-\x7e]*$/.test(path) && !path.includes('\\');
}

/** Sends a row to the letter: `fetch` would tidy its path. @param base where FHIR is served, over http */
export function sendRow({ request }: Row, base: string, token: string): Promise<RowAnswer> {
  const { method, path, contentType, form, body, ifNoneExist } = request;
  const payload = form ?? (body === undefined ? undefined : JSON.stringify(body));
  const { hostname, port, pathname } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = send({ hostname, port, method, path: pathname + path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        const parsed: unknown = text === '' ? {} : JSON.parse(text);
        resolve({ status, challenge: headers['www-authenticate'], body: parsed as RowAnswer['body'] });
      });
    });
    sent.on('error', reject);
    sent.setHeader('authorization', `Bearer ${token}`);
    if (payload !== undefined) sent.setHeader('content-type', contentType ?? 'application/fhir+json');
    if (ifNoneExist !== undefined) sent.setHeader('if-none-exist', ifNoneExist);
    sent.end(payload);
  });
}
