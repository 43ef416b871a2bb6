import { createSettingsFile } from './archive/index.ts';
import type { AuditRecorder } from './audit/index.ts';
import { Secret, type Config } from './config/index.ts';
import { createFirst, type Vault } from './store/index.ts';

/** So long several workers, or nodes, that start with one configuration are one change of it. */
const ONE_CHANGE_SECONDS = 60;

interface Parts {
  readonly config: Config;
  readonly vault: Vault;
  readonly audit: AuditRecorder;
  readonly log: { warn(details: object, message: string): void };
}

/**
 * Says which sections of the configuration are not what they were at the last start here; not what they are, since secrets are
 * among it. Part of the composition root: see app.ts.
 */
export async function tellOfSettings({ config, vault, audit, log }: Parts): Promise<void> {
  const file = createSettingsFile(config.store.dataDir);
  try {
    const now = Object.fromEntries(
      Object.entries(config).map(([name, section]) => [
        name,
        vault.keys.keyedHash('settings', inFull(section)),
      ]),
    );
    const before = await file.read();
    const names = new Set([...Object.keys(before ?? {}), ...Object.keys(now)]);
    const changed = [...names].filter((name) => before?.[name] !== now[name]).toSorted();
    if (changed.length === 0) return;
    const isFirst = createFirst(vault);
    const name = `settings ${vault.keys.keyedHash('settings', JSON.stringify(now))}`;
    if (before && (await isFirst(name, ONE_CHANGE_SECONDS)))
      await audit.record({ type: 'config.changed', outcome: 'success', sections: changed.join(' ') });
    // Afterwards: a change whose record was not kept is one at the next start, too.
    await file.write(now);
  } catch (error) {
    log.warn({ err: error }, 'whether the configuration has changed could not be found out');
  }
}

function inFull(section: unknown): string {
  return (
    JSON.stringify(section, function reveal(this: Record<string, unknown>, name, value: unknown) {
      const { [name]: given } = this;
      return given instanceof Secret ? given.reveal() : value;
    }) ?? ''
  );
}
