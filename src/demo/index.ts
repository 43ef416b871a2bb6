/**
 * The demo: a FHIR server with synthetic patients, an EHR simulator, three sample apps, and the people and clients
 * that Gatehouse must know for them. Owns no part of the authorization server; speaks to it only as strangers would,
 * over HTTP. Imported by `cli` alone; `serve` never loads it.
 */
export { createFhirServer, type FhirServerOptions } from './fhir-server/server.ts';
export type { DemoLog, DemoLogEntry } from './fhir-server/envelope.ts';
export {
  createDemoApps,
  type DemoAppsOptions,
  type LaunchEhr,
  type LaunchRequest,
  type LaunchResult,
  type VouchForUser,
} from './apps/server.ts';
export { createEhrClient, createVouch, type EhrClientOptions } from './ehr-client.ts';
export { DEMO_PEOPLE, type DemoPerson } from './people.ts';
export { DEMO_PATIENTS, DEMO_RESOURCES, type DemoPatient } from './data/demo-data.ts';
export type { DemoResource } from './data/fhir.ts';
export { demoClients, type DemoClient, type DemoClientsInput, type JwkSet } from './clients.ts';
