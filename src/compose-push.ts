import { createMarks, createTrack, senderLockIn } from './archive/index.ts';
import type { ProtocolParts } from './compose-provider.ts';
import type { Config, FhirServerConfig } from './config/index.ts';
import { createRecordOutlet } from './fhir/index.ts';
import type { Metrics } from './http/index.ts';
import { RECORDS_SCOPE, createOwnTokens, type RotatingProvider } from './oidc/index.ts';
import { DECISIONS, createLane, startSender, statesOf, type Track } from './push/index.ts';
import type { KeptRecord } from './records/index.ts';
import { lockFile } from './store/index.ts';

export interface PushedServer {
  readonly server: FhirServerConfig;
  readonly track: Track<KeptRecord>;
}

/** The FHIR servers that are sent records of decisions, with what they have been sent from this machine. */
export function pushedServers({
  fhirServers,
  records,
  store,
}: Pick<Config, 'fhirServers' | 'records' | 'store'>): PushedServer[] {
  return fhirServers
    .filter(({ id }) => records.push.includes(id))
    .map((server) => ({ server, track: createTrack(store.dataDir, server) }));
}

/** Sends records of decisions to FHIR servers; stopped by what it returns. Part of the composition root: see public-app.ts. */
export function startPush(
  { config, log, clock }: ProtocolParts,
  engine: RotatingProvider,
  metrics: Metrics,
): () => Promise<void> {
  const ownToken = createOwnTokens(engine.current, config, clock, RECORDS_SCOPE);
  const lanes = pushedServers(config).map(({ server: { id, url }, track }) =>
    createLane({
      ...{ server: id, track, kind: DECISIONS, log, now: Date.now },
      outlet: createRecordOutlet(url, (renew) => ownToken(url, renew)),
    }),
  );
  if (lanes.length === 0) return () => Promise.resolve();
  metrics.watchPush(() => statesOf(lanes, Date.now()));
  const { dataDir } = config.store;
  const sender = startSender({
    ...{ lanes, log, now: Date.now, marks: createMarks(dataDir), unseen: DECISIONS.words.unseen },
    claim: () => lockFile(senderLockIn(dataDir)),
  });
  return () => sender.stop();
}
