import { capabilitySecurity, outcomeAnswer, type Discovery } from '../resource-server/index.ts';
import { type Answer } from './answers.ts';
import { failureOf, isResource } from './held.ts';
import { parseJson } from './request-body.ts';
import type { Upstream } from './upstream.ts';

/**
 * The CapabilityStatement of the server behind us, saying that it is guarded by SMART and where it is found (DISC-30,
 * V1-02). Open to everybody, as apps read it before they have a token.
 *
 * @throws UpstreamFailed
 */
export async function metadata(
  search: string,
  {
    upstream,
    fhirBaseUrl,
    discover,
    authorization,
  }: {
    readonly upstream: Upstream;
    readonly fhirBaseUrl: string;
    readonly discover: () => Promise<Discovery>;
    readonly authorization?: string | undefined;
  },
): Promise<Answer> {
  const mode = new URLSearchParams(search).get('mode');
  const held = await upstream.hold({
    method: 'GET',
    target: `/metadata${mode === null ? '' : `?mode=${encodeURIComponent(mode)}`}`,
    headers: {
      ...{ accept: 'application/fhir+json', 'accept-encoding': 'identity' },
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
  if (held.status !== 200) return failureOf(held, upstream);
  const statement = parseJson(held.body);
  if (!isResource(statement) || statement.resourceType !== 'CapabilityStatement')
    return outcomeAnswer(502, 'exception', 'the FHIR server behind this gateway sent no CapabilityStatement');
  const discovery = await discover();
  const security = capabilitySecurity(discovery.ok ? discovery.document : undefined);
  const { rest = [], implementation } = statement as { rest?: readonly object[]; implementation?: object };
  return {
    status: 200,
    body: {
      ...statement,
      implementation: { description: 'A FHIR server behind Gatehouse', ...implementation, url: fhirBaseUrl },
      rest: rest.map((one) => ({ ...one, security })),
    },
  };
}
