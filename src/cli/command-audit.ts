import { userInfo } from 'node:os';

import type { TrailFiles } from '../archive/index.ts';
import { createAuditRecorder, createStdoutSink, type AuditRecorder } from '../audit/index.ts';
import { composeTrail } from '../compose-trail.ts';
import { systemClock } from '../oauth/index.ts';
import { systemStamp } from '../time/index.ts';
import { UserError } from './explain.ts';

export interface CommandAudit {
  /** Each record says who runs the command, as far as the machine knows. */
  readonly audit: AuditRecorder;
  readonly trailFiles: TrailFiles;
  /**
   * Asked before something is given or read out, which must not happen without its record (SEC-4); what takes something back
   * does not ask.
   *
   * @throws UserError when the audit log takes nothing
   */
  readonly untilRecordable: () => Promise<void>;
}

/** The audit log as a command writes it: to standard error, out of the way of output, and for good. */
export function openCommandAudit(
  parts: Pick<Parameters<typeof composeTrail>[0], 'config' | 'keyStore' | 'log'>,
): CommandAudit {
  const { trail, files: trailFiles } = composeTrail({ ...parts, clock: systemClock });
  const operator = operatorOf(process.env);
  const notKept = (sink: string, error: unknown): void => {
    process.stderr.write(`the audit record could not be kept by ${sink}: ${String(error)}\n`);
    process.exitCode = 1;
  };
  const refuse = (error: unknown): never => {
    throw new UserError(`nothing was done: the audit log cannot be written: ${String(error)}`);
  };
  const recorder = createAuditRecorder([createStdoutSink(process.stderr)], systemStamp, notKept, {
    keep: (record, isNeeded) =>
      trail.write(record).catch((error: unknown) => (isNeeded ? refuse(error) : notKept(trail.name, error))),
    close: () => trail.close(),
  });
  return {
    audit: { ...recorder, record: (event) => recorder.record({ ...event, operator }) },
    trailFiles,
    untilRecordable: () => trail.open().catch(refuse),
  };
}

/** In a container everybody is root, and who came by sudo is somebody: `GATEHOUSE_OPERATOR` says who. */
function operatorOf(env: NodeJS.ProcessEnv): string {
  return env['GATEHOUSE_OPERATOR'] ?? env['SUDO_USER'] ?? userInfo().username;
}
