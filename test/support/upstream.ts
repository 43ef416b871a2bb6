import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [member: string]: unknown;
}

/** What the server behind the gateway was asked. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A FHIR server that knows nothing of tokens: versions, searches by patient, category and id, pages, writes, batches. */
export interface Upstream {
  readonly url: string;
  readonly seen: Seen[];
  readonly stored: Map<string, Resource & { readonly meta: { readonly versionId: string } }>;
  put(resource: Resource): void;
  /** From now on it answers so; `undefined`: as usual. */
  answer(with_: ((request: Seen, response: ServerResponse) => void) | undefined): void;
  stop(): Promise<void>;
}

const PAGE = 2;

export async function startUpstream(): Promise<Upstream> {
  const stored: Upstream['stored'] = new Map();
  const seen: Seen[] = [];
  const pages = new Map<string, { readonly entries: readonly object[]; readonly from: number }>();
  let special: Parameters<Upstream['answer']>[0];
  const put = (resource: Resource): void => {
    const name = `${resource.resourceType}/${resource.id}`;
    const version = Number(stored.get(name)?.meta.versionId ?? 0) + 1;
    stored.set(name, { ...resource, meta: { versionId: String(version) } });
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r4`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: address = '', headers } = request;
    const asked = { method, url: address, headers, body };
    seen.push(asked);
    if (special) return special(asked, response);
    const { status, json, extra = {} } = perform(method, address.replace(/^\/r4/, ''), headers, body);
    response.writeHead(status, {
      'content-type': 'application/fhir+json',
      'x-powered-by': 'somebody',
      ...extra,
    });
    response.end(json === undefined ? '' : JSON.stringify(json));
  }

  interface Told {
    readonly status: number;
    readonly json?: object;
    readonly extra?: Record<string, string>;
  }

  function perform(method: string, target: string, headers: IncomingHttpHeaders, body: string): Told {
    const [path = '', search = ''] = target.split('?');
    const [type = '', id, ...more] = path.split('/').slice(1);
    const query = new URLSearchParams(method === 'POST' && id === '_search' ? `${search}&${body}` : search);
    if (type === 'metadata')
      return {
        status: 200,
        json: { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', rest: [{ mode: 'server' }] },
      };
    if (type === '' && query.has('_getpages')) return page(query.get('_getpages')!);
    if (type === '' && method === 'POST')
      return batch(
        JSON.parse(body) as {
          entry: { request: { method: string; url: string }; resource?: object }[];
          type: string;
        },
      );
    if (id === undefined || id === '_search')
      return method === 'POST' && id === undefined ? create(body, headers) : find(type, query);
    if (id === '$everything' || more[0] === '$everything')
      return bundle([...stored.values()].map((resource) => ({ resource })));
    if (more[0] === '_history' && more[1] === undefined)
      return bundle(
        [...stored.values()]
          .filter((one) => one.resourceType === type && one.id === id)
          .map((resource) => ({ resource })),
      );
    return one(method, `${type}/${id}`, headers, body);
  }

  function one(method: string, name: string, headers: IncomingHttpHeaders, body: string): Told {
    const found = stored.get(name);
    const etag = (): Record<string, string> => ({ etag: `W/"${stored.get(name)?.meta.versionId}"` });
    if (method === 'GET')
      return found ? { status: 200, json: found, extra: etag() } : { status: 404, json: issue('not known') };
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag()['etag'])
      return { status: 412, json: issue('version') };
    if (method === 'DELETE') {
      stored.delete(name);
      return { status: 204 };
    }
    put(JSON.parse(body) as Resource);
    const minimal = headers.prefer?.includes('return=minimal') ?? false;
    return {
      status: found ? 200 : 201,
      extra: { ...etag(), location: `${url}/${name}` },
      ...(minimal ? {} : { json: stored.get(name)! }),
    };
  }

  function create(body: string, headers: IncomingHttpHeaders): Told {
    const resource = { ...(JSON.parse(body) as Resource), id: `new-${stored.size}` };
    put(resource);
    const minimal = headers.prefer?.includes('return=minimal') ?? false;
    const name = `${resource.resourceType}/${resource.id}`;
    return {
      status: 201,
      extra: { location: `${url}/${name}/_history/1`, etag: 'W/"1"' },
      ...(minimal ? {} : { json: stored.get(name)! }),
    };
  }

  function find(type: string, query: URLSearchParams): Told {
    const all = [...stored.values()].filter((one) => one.resourceType === type);
    const wanted = all.filter((one) =>
      [...query].every(([name, value]) => {
        const text = JSON.stringify(one);
        if (name === '_id') return value.split(',').includes(one.id);
        if (name === 'patient') return text.includes(`"Patient/${value.replace(/^Patient\//, '')}"`);
        if (name === 'category')
          return value.split(',').some((either) => text.includes(`"${either.split('|').at(-1)}"`));
        return true;
      }),
    );
    const entries = wanted.map((resource) => ({
      fullUrl: `${url}/${type}/${resource.id}`,
      resource,
      search: { mode: 'match' },
    }));
    const included =
      query.getAll('_include').length > 0
        ? [...stored.values()].filter(
            (one) => one.resourceType === 'Patient' || one.resourceType === 'Practitioner',
          )
        : [];
    const rest = included.map((resource) => ({
      fullUrl: `${url}/${resource.resourceType}/${resource.id}`,
      resource,
      search: { mode: 'include' },
    }));
    return paged([...entries, ...rest], query.has('_count') ? PAGE : entries.length + rest.length);
  }

  function paged(entries: readonly object[], size: number, from = 0): Told {
    const id = `p${pages.size}`;
    const next = from + size < entries.length;
    if (next) pages.set(id, { entries, from: from + size });
    const link = [
      { relation: 'self', url: `${url}/somewhere` },
      ...(next ? [{ relation: 'next', url: `${url}?_getpages=${id}` }] : []),
    ];
    return {
      status: 200,
      json: {
        resourceType: 'Bundle',
        type: 'searchset',
        total: entries.length,
        link,
        entry: entries.slice(from, from + size),
      },
    };
  }

  function page(id: string): Told {
    const known = pages.get(id);
    return known ? paged(known.entries, PAGE, known.from) : { status: 410, json: issue('gone') };
  }

  function bundle(entry: readonly object[]): Told {
    return { status: 200, json: { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry } };
  }

  function batch({
    entry,
    type,
  }: {
    entry: { request: { method: string; url: string }; resource?: object }[];
    type: string;
  }): Told {
    const answers = entry.map(({ request, resource }) => {
      const { status, json } = perform(request.method, `/${request.url}`, {}, JSON.stringify(resource ?? {}));
      return { response: { status: String(status) }, ...(json ? { resource: json } : {}) };
    });
    return { status: 200, json: { resourceType: 'Bundle', type: `${type}-response`, entry: answers } };
  }

  return {
    url,
    seen,
    stored,
    put,
    answer: (with_) => void (special = with_),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function issue(diagnostics: string): object {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found', diagnostics }] };
}
