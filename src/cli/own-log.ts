import { verifyTrails, type ChainReport } from '../trail/index.ts';
import type { Office } from './office.ts';

/** The audit log of this machine, checked with the keys beside it. */
export async function checkedLog({
  trailFiles,
}: Pick<Office, 'trailFiles'>): Promise<readonly ChainReport[]> {
  return verifyTrails(trailFiles.source(), () => trailFiles.keys());
}
