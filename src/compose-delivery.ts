import { createChainMarks, createDeliveryTrack, deliveryLockIn } from './archive/index.ts';
import type { ProtocolParts } from './compose-provider.ts';
import type { AuditReceiverConfig, Config } from './config/index.ts';
import { AUDIT_BATCHES, batchOf, type Batch } from './delivery/index.ts';
import { createAuditOutlet } from './fhir/index.ts';
import type { Metrics } from './http/index.ts';
import { AUDIT_SCOPE, createOwnTokens, type RotatingProvider } from './oidc/index.ts';
import { createLane, startSender, statesOf, type Outlet, type Track } from './push/index.ts';
import { lockFile } from './store/index.ts';
import { createSyslogOutlet } from './syslog/index.ts';

export interface AuditReceiver {
  readonly receiver: AuditReceiverConfig;
  readonly track: Track<Batch>;
}

/** Who is sent the audit log, with what they have been sent from this machine. */
export function auditReceivers(config: Pick<Config, 'audit' | 'issuer' | 'name' | 'store'>): AuditReceiver[] {
  return config.audit.delivery.map((receiver) => ({
    receiver,
    track: createDeliveryTrack<Batch>({
      ...{ dataDir: config.store.dataDir, id: receiver.id },
      itemOf: (records) => batchOf(records, config),
      idOf: ({ events: [first] }) => first?.event.id ?? '',
      atOf: ({ events: [first] }) => first?.event.recorded ?? '',
    }),
  }));
}

/** Sends the audit log to its receivers; stopped by what it returns. Part of the composition root: see app.ts. */
export function startDelivery(
  { config, log, clock }: ProtocolParts,
  engine: RotatingProvider,
  metrics: Metrics,
): () => Promise<void> {
  const ownToken = createOwnTokens(engine.current, config, clock, AUDIT_SCOPE);
  const outletTo = ({ fhirServer, host, ...receiver }: AuditReceiverConfig): Outlet<Batch> => {
    const url = config.fhirServers.find(({ id }) => id === fhirServer)?.url;
    if (url !== undefined) return createAuditOutlet(url, (renew) => ownToken(url, renew));
    const { port, certificate, clientCertificate, clientKey } = receiver;
    const client =
      clientCertificate === undefined || clientKey === undefined
        ? {}
        : { client: { certificate: clientCertificate, key: clientKey.reveal() } };
    return createSyslogOutlet(
      { host: host ?? '', port, certificate, ...client },
      new URL(config.issuer).hostname,
    );
  };
  const lanes = auditReceivers(config).map(({ receiver, track }) =>
    createLane<Batch>({
      ...{ server: receiver.id, track, kind: AUDIT_BATCHES, log, now: Date.now },
      outlet: outletTo(receiver),
    }),
  );
  if (lanes.length === 0) return () => Promise.resolve();
  metrics.watchDelivery(() => statesOf(lanes, Date.now()));
  const { dataDir } = config.store;
  const sender = startSender({
    ...{ lanes, log, now: Date.now, unseen: AUDIT_BATCHES.words.unseen },
    marks: createChainMarks(dataDir),
    claim: () => lockFile(deliveryLockIn(dataDir)),
  });
  return () => sender.stop();
}
