import { Command, Option } from 'commander';
import type { RequestListener, Server } from 'node:http';
import path from 'node:path';

import { createGatehouse } from '../app.ts';
import {
  DEMO_PATIENTS,
  DEMO_PEOPLE,
  createDemoApps,
  createEhrClient,
  createVouch,
  createFhirServer,
} from '../demo/index.ts';
import { storeSecrets } from '../config/index.ts';
import { createAccount } from '../identity/index.ts';
import { createWebServer } from '../http/index.ts';
import { createResourceServer } from '../resource-server/index.ts';
import { createAccountStore, openKeyRing, createVault, type StoreDriver } from '../store/index.ts';
import { DEFAULT_DEMO_DIR, DEFAULT_PORTS, demoConfig, type Demo, type DemoPorts } from './demo-config.ts';
import { terminalSink, welcome } from './demo-output.ts';
import { UserError } from './explain.ts';
import { VIEWS_DIR, createLog, openServerStore, orClose, stopOnSignals } from './run-server.ts';
import { warnOfConcerns } from './store-safety.ts';

interface DemoOptions {
  readonly port: string;
  readonly fhirPort: string;
  readonly appsPort: string;
  readonly managementPort: string;
  readonly dataDir: string;
  readonly config?: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'run everything on this machine with made-up patients: server, FHIR server, EHR simulator, sample apps',
    )
    .addOption(
      new Option('--port <port>', 'authorization server').env('PORT').default(String(DEFAULT_PORTS.server)),
    )
    .addOption(new Option('--fhir-port <port>', 'FHIR server').default(String(DEFAULT_PORTS.fhir)))
    .addOption(new Option('--apps-port <port>', 'EHR simulator and apps').default(String(DEFAULT_PORTS.apps)))
    .addOption(
      new Option('--management-port <port>', 'health and metrics')
        .env('MANAGEMENT_PORT')
        .default(String(DEFAULT_PORTS.management)),
    )
    .addOption(
      new Option('--data-dir <dir>', 'where the demo keeps its files')
        .env('DATA_DIR')
        .default(DEFAULT_DEMO_DIR),
    )
    .addOption(
      new Option(
        '--config <file>',
        'a configuration of your own, such as config/certification.yaml: its addresses, secrets and clients, our people',
      ).conflicts(['port', 'fhirPort', 'managementPort']),
    )
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const ports: DemoPorts = {
    server: portOf('--port', options.port),
    fhir: portOf('--fhir-port', options.fhirPort),
    apps: portOf('--apps-port', options.appsPort),
    management: portOf('--management-port', options.managementPort),
  };
  const { config: file } = options;
  const demo = await demoConfig({
    dataDir: path.resolve(options.dataDir),
    env: process.env,
    ports,
    ...(file === undefined ? {} : { file }),
  });
  const { config } = demo;
  const log = createLog(config.log.level);
  const driver = await openServerStore(config, (error) =>
    log.warn({ err: error }, 'the store connection had an error'),
  );
  await warnOfConcerns(driver, log);
  await addPeople(driver, demo);
  const building = createGatehouse({
    config,
    driver,
    log,
    auditSinks: [terminalSink((text) => process.stdout.write(text))],
    viewsDir: VIEWS_DIR,
  });
  const gatehouse = await orClose(driver, building);
  const fhir = fhirServers(demo);
  const others = [
    { app: fhir.handle, port: portIn(demo.fhirBaseUrl) },
    { app: apps(demo), port: portIn(demo.appsBaseUrl) },
  ].map(({ app, port }) => ({ server: createWebServer(app, config.listen.tls), port }));
  const stop = async (): Promise<void> => {
    await Promise.all(others.map(({ server }) => closeServer(server)));
    // What is not reported yet is, while there is somebody to hear it.
    await fhir.close();
    await gatehouse.close();
  };
  stopOnSignals(stop, log);
  try {
    await Promise.all(others.map(({ server, port }) => listen(server, config.listen.host, port)));
    await gatehouse.listen();
    process.stdout.write(welcome(demo, driver));
  } catch (error) {
    await stop();
    throw error;
  }
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UserError(`${option} needs a port number, not ${text}`);
  return port;
}

async function addPeople(driver: StoreDriver, { config }: Demo): Promise<void> {
  const { keys } = await openKeyRing(driver, storeSecrets(config));
  const accounts = createAccountStore(createVault(driver, keys));
  await Promise.all(
    DEMO_PEOPLE.map(async ({ password, ...person }) => {
      if (!(await accounts.findByUsername(person.username)))
        await accounts.add(await createAccount(person, password));
    }),
  );
}

function portIn(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

/** Often enough to be seen by who tries the demo. */
const USAGE_SECONDS = 2;

/** One FHIR server for each base URL that is configured, on one port: the longest path that fits answers. */
function fhirServers({ config, fhirServerSecret }: Demo): {
  handle: RequestListener;
  close(): Promise<void>;
} {
  const { issuer } = config;
  const servers = config.fhirServers.map(({ id, url: fhirBaseUrl }) => {
    const kit = createResourceServer({
      ...{ issuer, fhirBaseUrl, cache: false },
      credentials: { clientId: 'demo-fhir-server', clientSecret: fhirServerSecret },
      usage: { everySeconds: USAGE_SECONDS },
    });
    const discoveryUrl = `${issuer}/fhir-servers/${id}/.well-known/smart-configuration`;
    const app = createFhirServer({
      fhirBaseUrl,
      discoveryUrl,
      keepIn: path.join(config.store.dataDir, `fhir-${id}.jsonl`),
      introspect: kit.introspect,
      used: (token, interaction) => kit.used(token, interaction),
    });
    return { path: new URL(fhirBaseUrl).pathname, handle: app.callback(), close: () => kit.close() };
  });
  servers.sort((one, other) => other.path.length - one.path.length);
  return {
    handle: (request, response) => {
      const fits = servers.find(({ path: root }) => `${request.url ?? ''}/`.startsWith(`${root}/`));
      void (fits ?? servers[0])?.handle(request, response);
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

function apps({ config, fhirBaseUrl, appsBaseUrl, ehrKey }: Demo): RequestListener {
  const { issuer } = config;
  const ehr = { issuer, clientId: 'demo-ehr', privateJwk: ehrKey };
  const app = createDemoApps({
    appsBaseUrl,
    fhirBaseUrl,
    issuer,
    people: DEMO_PEOPLE,
    patients: DEMO_PATIENTS,
    endpoints: config.fhirServers,
    otherApps: config.clients
      .filter(
        ({ launch_uris: uris }) => uris.length > 0 && !uris.some((uri) => uri.startsWith(`${appsBaseUrl}/`)),
      )
      .flatMap(({ client_id: clientId, client_name: name, launch_uris: uris }) =>
        uris.map((launchUri) => ({ clientId, name: `${name}, ${launchUri}`, launchUri })),
      ),
    launchEhr: createEhrClient(ehr),
    vouch: createVouch(ehr),
  });
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
