import { Command, Option } from 'commander';

import { createAuditRecorder, createStdoutSink } from '../audit/index.ts';
import { TLS_POLICIES } from '../algorithms/index.ts';
import { createGateway } from '../gateway/index.ts';
import { createListener, createManagementApp, createMetrics, healthOf, listenerOf } from '../http/index.ts';
import { systemStamp } from '../time/index.ts';
import { renewCertificates } from './certificate-renewal.ts';
import { guardCrypto } from './crypto-safety.ts';
import { drainDelayMsOf, gatewayOptionsOf, portOf, tlsOf, type GatewaySettings } from './gateway-settings.ts';
import { createLog, stopOnSignals } from './run-server.ts';

/** Documents are sent through here, over slow lines too. */
const UPLOAD_MS = 120_000;

/** Every setting is an option and a variable; a secret is a file, or a variable by itself. */
export function gatewayCommand(): Command {
  const needed = (flags: string, about: string, env: string): Option =>
    new Option(flags, about).env(env).makeOptionMandatory();
  const optional = (flags: string, about: string, env: string, value?: string): Option =>
    value === undefined
      ? new Option(flags, about).env(env)
      : new Option(flags, about).env(env).default(value);
  return new Command('gateway')
    .description('stand in front of any FHIR server and make it a SMART resource server')
    .addOption(
      needed('--upstream <url>', 'base URL of the FHIR server, as this process reaches it', 'UPSTREAM'),
    )
    .addOption(needed('--issuer <url>', 'Gatehouse', 'ISSUER'))
    .addOption(needed('--fhir-base-url <url>', 'the FHIR base URL that apps know', 'FHIR_BASE_URL'))
    .addOption(needed('--client-id <id>', 'of a client with rights: [introspect]', 'CLIENT_ID'))
    .addOption(optional('--client-secret-file <file>', 'its secret; or CLIENT_SECRET', 'CLIENT_SECRET_FILE'))
    .addOption(optional('--private-key-file <file>', 'instead: its private key, a JWK', 'PRIVATE_KEY_FILE'))
    .addOption(
      optional(
        '--upstream-authorization-file <file>',
        'the Authorization header the FHIR server wants; or UPSTREAM_AUTHORIZATION',
        'UPSTREAM_AUTHORIZATION_FILE',
      ),
    )
    .addOption(
      optional(
        '--discovery-url <url>',
        'of the SMART configuration, where two servers have one path',
        'DISCOVERY_URL',
      ),
    )
    .addOption(
      new Option('--fhir-version <version>', 'of the FHIR server')
        .env('FHIR_VERSION')
        .choices(['4.0.1', '4.3.0', '5.0.0'])
        .default('4.0.1'),
    )
    .addOption(
      optional(
        '--max-filtered-megabytes <n>',
        'a longer answer is not filtered but refused',
        'MAX_FILTERED_MEGABYTES',
        '10',
      ),
    )
    .addOption(optional('--host <host>', 'where to listen', 'HOST', '0.0.0.0'))
    .addOption(optional('--port <port>', 'where to listen', 'PORT', '3003'))
    .addOption(optional('--management-host <host>', 'health and metrics', 'MANAGEMENT_HOST', '127.0.0.1'))
    .addOption(optional('--management-port <port>', 'health and metrics', 'MANAGEMENT_PORT', '9003'))
    .addOption(
      optional(
        '--tls-certificate-file <file>',
        'PEM; without it a proxy has to do https',
        'TLS_CERTIFICATE_FILE',
      ),
    )
    .addOption(optional('--tls-key-file <file>', 'PEM', 'TLS_KEY_FILE'))
    .addOption(
      optional(
        '--tls-policy <policy>',
        'modern: TLS 1.3 only; compatible: 1.2 too; fips: both, with approved algorithms only',
        'TLS_POLICY',
        'compatible',
      ).choices(TLS_POLICIES),
    )
    .addOption(
      optional(
        '--drain-delay <seconds>',
        'not ready, and still served, so long after SIGTERM: until balancers have seen it',
        'DRAIN_DELAY',
        '0',
      ),
    )
    .addOption(optional('--log-level <level>', 'trace, debug, info, warn or error', 'LOG_LEVEL', 'info'))
    .action(run);
}

async function run(options: GatewaySettings): Promise<void> {
  const log = createLog(options.logLevel);
  const audit = createAuditRecorder([createStdoutSink()], systemStamp, (sink, error) =>
    log.error({ err: error, sink }, 'an audit record could not be kept'),
  );
  const [address, managementAddress] = [
    { host: options.host, port: portOf('--port', options.port) },
    { host: options.managementHost, port: portOf('--management-port', options.managementPort) },
  ];
  const drainDelayMs = drainDelayMsOf(options.drainDelay);
  guardCrypto({ fips: 'off' }, log);
  const tls = tlsOf(options);
  const gateway = createGateway(gatewayOptionsOf(options, process.env), {
    audit,
    onProblem: (detail, error) => log.warn({ err: error }, detail),
  });
  const metrics = createMetrics();
  let draining = false;
  const open = listenerOf(gateway.handle, tls, UPLOAD_MS);
  const management = createListener(
    createManagementApp(() => healthOf(gateway.checks(), () => draining), metrics),
  );
  const stop = async (): Promise<void> => {
    draining = true;
    stopRenewing();
    await open.close();
    await gateway.close();
    await management.close();
    await audit.close();
  };
  const { tlsCertificateFile, tlsKeyFile } = options;
  const stopRenewing = renewCertificates({
    files: [tlsCertificateFile, tlsKeyFile].filter((file) => file !== undefined),
    read: () => tlsOf(options),
    renew: (pair) => open.renew(pair),
    log,
  });
  stopOnSignals(stop, log, { leave: () => void (draining = true), delayMs: drainDelayMs });
  try {
    const port = await open.listen(address);
    const managementPort = await management.listen(managementAddress);
    log.info({ fhirBaseUrl: options.fhirBaseUrl, upstream: options.upstream, port, managementPort }, 'ready');
  } catch (error) {
    await stop();
    throw error;
  }
}
