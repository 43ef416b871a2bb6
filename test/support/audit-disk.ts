import { createTrailFiles } from '../../src/archive/index.ts';
import type { AuditRecord } from '../../src/audit/index.ts';
import { auditEventsOf } from '../../src/balp/index.ts';
import {
  placedIn,
  recordsIn,
  verifyTrails,
  type ChainReport,
  type TrailFile,
} from '../../src/trail/index.ts';

/** A disk under the audit log that fails while it is told to. */
export interface FaultyDisk {
  /** How it fails; `undefined`: it does not. */
  fault?: 'ENOSPC' | 'EIO' | 'EROFS';
  readonly over: (file: TrailFile) => TrailFile;
}

export function faultyDisk(): FaultyDisk {
  const disk: FaultyDisk = {
    over: (file) => ({
      ...file,
      async append(lines) {
        if (disk.fault) throw Object.assign(new Error(`${disk.fault}: write`), { code: disk.fault });
        await file.append(lines);
      },
    }),
  };
  return disk;
}

/** The lines of the audit log below a data directory, chain by chain. */
export async function auditLinesOf(dataDir: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const [, some] of createTrailFiles(dataDir).source().chains()) lines.push(...some);
  return lines;
}

/** What lies in the audit log below a data directory, of all chains together. */
export async function auditLogOf(dataDir: string): Promise<readonly AuditRecord[]> {
  return recordsIn(await auditLinesOf(dataDir));
}

export async function verifiedLog(dataDir: string): Promise<readonly ChainReport[]> {
  const files = createTrailFiles(dataDir);
  return verifyTrails(files.source(), () => files.keys());
}

/** The ids of the AuditEvents that the audit log of this server is, chain by chain, in order. */
export async function auditEventIds({
  issuer,
  dataDir,
}: {
  readonly issuer: string;
  readonly dataDir: string;
}): Promise<string[]> {
  return (await auditLinesOf(dataDir))
    .flatMap((line) => placedIn(line) ?? [])
    .flatMap((placed) => auditEventsOf(placed, { issuer, name: 'Gatehouse' }).map(({ id }) => id));
}
