import { createTrailFiles, type TrailFiles } from './archive/index.ts';
import type { Config } from './config/index.ts';
import { RECORD_ALGORITHMS, loadOrCreateKeys, type SigningKeyStore } from './keys/index.ts';
import type { Clock } from './oauth/index.ts';
import { publicHalf } from './records/index.ts';
import { createTrail, type Trail, type TrailFile } from './trail/index.ts';

export interface ComposedTrail {
  /** The audit sink that keeps records for good. */
  readonly trail: Trail;
  readonly files: TrailFiles;
}

interface Parts {
  readonly config: Pick<Config, 'store'>;
  /** Asked for when something is signed: the store may not be open yet. */
  readonly keyStore: () => SigningKeyStore;
  readonly clock: Clock;
  /** For tests: a disk that fails. */
  readonly onDisk?: ((file: TrailFile) => TrailFile) | undefined;
  /** Milliseconds since 1970; default: the clock of the machine. */
  readonly now?: () => number;
  readonly log: { error(details: object, message: string): void };
}

/** Joins the audit log with files and keys. Part of the composition root: see app.ts. */
export function composeTrail({
  config,
  keyStore,
  clock,
  log,
  now = Date.now,
  onDisk = (file) => file,
}: Parts): ComposedTrail {
  const files = createTrailFiles(config.store.dataDir, now);
  const trail = createTrail({
    newFile: (chain) => onDisk(files.newFile(chain)),
    others: () => files.openHeads(),
    key: async () => {
      const { keys } = await loadOrCreateKeys(keyStore(), clock, RECORD_ALGORITHMS);
      const active = keys.find(({ status }) => status === 'active');
      if (!active) throw new TypeError('there is no key to sign the audit log with');
      await files.keepKey(publicHalf(active));
      return active;
    },
    newId: () => `${nameOfMoment(now())}-${crypto.randomUUID().slice(0, 13)}`,
    now,
    onFailure: (error) =>
      log.error({ err: error }, 'the audit log could not be signed; its records are kept'),
  });
  return { trail, files };
}

/** `20261126T101500.123Z`: sorts by time, and is a file name everywhere. */
function nameOfMoment(now: number): string {
  return new Date(now).toISOString().replaceAll(/[-:]/g, '');
}
