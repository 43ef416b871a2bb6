import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';

import { startKitKeys, type KitKeys } from './kit-keys.ts';
import { freePort } from './ports.ts';
import { cleanEnvironment, collect, runGatehouse, terminate, type Ended } from './process.ts';

const START_TIMEOUT_MS = 25_000;

/** The ids of the FHIR endpoints, one for each edition of SMART App Launch. */
export const ENDPOINTS = ['stu2.2', 'stu2', 'stu1'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** A running `npm run certification`: a process of its own, with ports and files of its own, which this one trusts. */
export interface Certification {
  readonly issuer: string;
  readonly apps: string;
  readonly ports: { readonly server: number; readonly fhir: number; readonly apps: number };
  /** The key sets of the test kit, which the clients' registrations point to. */
  readonly keys: KitKeys;
  /** The certificate chain, its authority and its key, as PEM. */
  readonly tls: { readonly certificate: string; readonly authority: string; readonly key: string };
  readonly fhir: (endpoint: Endpoint) => string;
  /** What stands in a file of its folder, such as a client's secret. */
  readonly secret: (name: 'inferno_secret' | 'introspection_secret') => string;
  /** Runs `gatehouse <args>` beside it, on the same configuration. */
  cli(...args: string[]): Promise<Ended>;
  stop(): Promise<number>;
}

interface Ports {
  readonly server: number;
  readonly management: number;
  readonly fhir: number;
  readonly apps: number;
  readonly keys: number;
}

export async function startCertification(): Promise<Certification> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-certification-'));
  const ports: Ports = {
    server: await freePort(),
    management: await freePort(),
    fhir: await freePort(),
    apps: await freePort(),
    keys: await freePort(),
  };
  const config = path.join(folder, 'certification.yaml');
  await writeFile(config, adapt(await readFile('config/certification.yaml', 'utf8'), folder, ports));
  const child = spawn(
    process.execPath,
    ['tools/certification.mjs', '--folder', folder, '--config', config, '--apps-port', String(ports.apps)],
    { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said = collect(child);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!said.stdout.includes('is running')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await terminate(child);
      throw new Error(`it did not start:\n${said.stdout}${said.stderr}`);
    }
    await delay(25);
  }
  const file = (name: string): string => readFileSync(path.join(folder, name), 'utf8').trim();
  const pair = {
    certificate: file('certificate.pem'),
    authority: file('authority.pem'),
    key: file('key.pem'),
  };
  const trustNoMore = trust(pair.authority);
  const keys = await startKitKeys(ports.keys, pair);
  return {
    issuer: `https://localhost:${ports.server}`,
    apps: `https://localhost:${ports.apps}`,
    ports,
    keys,
    tls: pair,
    fhir: (endpoint) => `https://localhost:${ports.fhir}/${endpoint}/fhir`,
    secret: file,
    cli: (...args) => runGatehouse([...args, '--config', config]),
    async stop() {
      const code = await terminate(child);
      await keys.close();
      trustNoMore();
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** The configuration that we publish, with ports, files and key sets of the test. */
function adapt(yaml: string, folder: string, ports: Ports): string {
  return yaml
    .replaceAll('.data/certification', folder)
    .replaceAll(/\b3443\b/g, String(ports.server))
    .replaceAll(/\b9443\b/g, String(ports.management))
    .replaceAll(/\b3444\b/g, String(ports.fhir))
    .replaceAll(
      /https:\/\/inferno\.healthit\.gov\/suites(\/custom\/\w+\/\.well-known)/g,
      `https://localhost:${ports.keys}$1`,
    );
}

/** Makes `fetch` of this process accept certificates of this authority; returns what undoes it. */
function trust(authority: string): () => void {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, authority]);
  return () => tls.setDefaultCACertificates(before);
}
