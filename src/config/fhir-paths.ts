import type { FhirServerConfig } from './schema.ts';

type Server = Pick<FhirServerConfig, 'id' | 'url'>;

/** The path of a FHIR base URL, under which its discovery document is served too; `''` where it has none. */
export function basePathOf({ url }: Pick<Server, 'url'>): string {
  return new URL(url).pathname.replace(/\/$/, '');
}

/** The paths that more than one FHIR server has: there nobody could tell whose document is asked for. */
export function sharedBasePaths(servers: readonly Server[]): ReadonlyMap<string, readonly Server[]> {
  return new Map([...Map.groupBy(servers, basePathOf)].filter(([, those]) => those.length > 1));
}

/** What works, and may not be what the operator means: a sentence each. */
export function warningsAbout({ fhirServers }: { readonly fhirServers: readonly Server[] }): string[] {
  return [...sharedBasePaths(fhirServers)].map(([path, servers]) => {
    const ids = servers.map(({ id }) => id).join(', ');
    return (
      `fhirServers: ${ids} have the same path in their URLs, so ${path}/.well-known/smart-configuration is not served; ` +
      'have their proxies or servers fetch /fhir-servers/<id>/.well-known/smart-configuration instead'
    );
  });
}
