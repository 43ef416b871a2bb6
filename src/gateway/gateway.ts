import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import type { AuditRecorder } from '../audit/index.ts';
import {
  NOTHING_HERE,
  UNAVAILABLE,
  createDiscoveryProxy,
  createResourceServer,
  type DecideOptions,
} from '../resource-server/index.ts';
import { createAccessLog } from './access-log.ts';
import type { AdmissionParts } from './admission.ts';
import { send, type Answer } from './answers.ts';
import { check } from './check.ts';
import { PREFLIGHT, envelope } from './envelope.ts';
import { failed, type OnProblem } from './failures.ts';
import { createGuarded } from './guarded.ts';
import { metadata } from './metadata.ts';
import { MAX_FILTERED_BYTES, UPSTREAM_TIMEOUT_MS, type GatewayOptions } from './options.ts';
import { createUpstream } from './upstream.ts';

export interface GatewayParts {
  readonly audit: Pick<AuditRecorder, 'record'>;
  readonly onProblem: OnProblem;
}

export interface Gateway {
  readonly handle: RequestListener;
  /** Each rejects with the reason while Gatehouse or the FHIR server cannot be asked. */
  checks(): readonly { readonly name: string; readonly check: () => Promise<void> }[];
  /** Writes down what was done since the last time; it is written now and then anyway. */
  flush(): Promise<void>;
  /** Ends what runs beside the requests; call it when the last one is answered. */
  close(): Promise<void>;
}

const SMART_CONFIGURATION = '/.well-known/smart-configuration';

/**
 * Makes any FHIR server a SMART resource server: takes the token, decides, asks the server behind us, and lets back what the
 * token may see. Answers where nothing has to be filtered go through as they come.
 */
export function createGateway(options: GatewayOptions, { audit, onProblem }: GatewayParts): Gateway {
  const fhirBaseUrl = options.fhirBaseUrl.replace(/\/$/, '');
  const basePath = new URL(fhirBaseUrl).pathname.replace(/\/$/, '');
  const { issuer, credentials, upstreamAuthorization: authorization } = options;
  const {
    maxFilteredBytes: maxBytes = MAX_FILTERED_BYTES,
    upstreamTimeoutMs: timeoutMs = UPSTREAM_TIMEOUT_MS,
  } = options;
  const decideOptions: DecideOptions = { fhirVersion: options.fhirVersion ?? '4.0.1' };
  const upstream = createUpstream({ url: options.upstream, fhirBaseUrl, timeoutMs, maxBytes });
  const asked = options.fetch ? { fetch: options.fetch } : {};
  const server = createResourceServer({ issuer, fhirBaseUrl, credentials, onProblem, ...asked });
  const log = createAccessLog(audit);
  const discover = createDiscoveryProxy({
    ...asked,
    url: options.discoveryUrl ?? `${issuer.replace(/\/$/, '')}${basePath}${SMART_CONFIGURATION}`,
  });
  const parts: AdmissionParts = { options: decideOptions, maxBytes, fhirBaseUrl, authorization };

  const guarded = createGuarded({ server, upstream, log, admission: parts });

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<Answer | 'sent'> => {
    const [path = '', search = ''] = (request.url ?? '').split(/\?(.*)/s);
    if (path === '/check') return check(request, { server, basePath, options: decideOptions });
    if (path !== basePath && !path.startsWith(`${basePath}/`)) return NOTHING_HERE;
    if (request.method === 'OPTIONS') return PREFLIGHT;
    const pathBelowBase = path.slice(basePath.length);
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (pathBelowBase === SMART_CONFIGURATION && isReading) return configuration();
    if (pathBelowBase === '/metadata' && isReading)
      return metadata(search, { upstream, fhirBaseUrl, discover, authorization });
    return guarded(request, response, { pathBelowBase, search });
  };

  async function configuration(): Promise<Answer> {
    const found = await discover();
    if (found.ok)
      return { status: 200, headers: { 'Content-Type': 'application/json' }, body: found.document };
    onProblem(found.detail);
    return UNAVAILABLE;
  }

  return {
    handle(request, response) {
      envelope(request, response);
      route(request, response)
        .catch((error: unknown) => failed(error, response, onProblem))
        .then((answer) => {
          if (answer !== 'sent') send(response, answer);
        })
        .catch((error: unknown) => {
          onProblem('an answer could not be sent', error);
          response.destroy();
        });
    },
    checks: () => [
      { name: 'fhir-server', check: () => upstream.check(authorization) },
      {
        name: 'gatehouse',
        check: async () => {
          const found = await discover();
          if (!found.ok) throw new Error(found.detail);
        },
      },
    ],
    flush: () => log.flush(),
    async close() {
      await server.close();
      await log.flush();
      upstream.close();
    },
  };
}
