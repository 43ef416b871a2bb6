import { hasSecondFactor, staffResetCode, STAFF_CODE_SECONDS } from '../identity/index.ts';
import { systemClock } from '../oauth/index.ts';
import { UserError } from './explain.ts';
import { accountNamed, type Office } from './office.ts';
import { table } from './table.ts';

/** What somebody signs in with beside the password. */
export async function listFactors(username: string, office: Office): Promise<void> {
  const { accountId } = await accountNamed(username, office);
  const { totp, passkeys, recoveryCodes = [] } = await office.factors.read(accountId);
  const rows = [
    ...(totp ? [['app code', '-', day(totp.addedAt), '-']] : []),
    ...passkeys.map(({ name, addedAt, lastUsedAt, isSynced }) => [
      isSynced ? 'passkey, synced' : 'passkey',
      name || '-',
      day(addedAt),
      lastUsedAt === undefined ? '-' : day(lastUsedAt),
    ]),
    ...(recoveryCodes.length > 0 ? [['printed codes', `${recoveryCodes.length} left`, '-', '-']] : []),
  ];
  process.stdout.write(table(['FACTOR', 'NAME', 'SINCE', 'LAST USED'], rows));
}

/** For who has lost all of them, and whom staff has made sure of. */
export async function resetFactors(username: string, office: Office): Promise<void> {
  const { accountId } = await accountNamed(username, office);
  const before = await office.factors.read(accountId);
  if (!hasSecondFactor(before) && !before.recoveryCodes?.length)
    throw new UserError(`user ${username} has no other factor than the password`);
  await office.factors.remove(accountId);
  await office.sessions.endAll(accountId);
  await office.audit.record({
    ...{ type: 'account.changed', outcome: 'success', change: 'factors-removed', accountId },
  });
  process.stdout.write(`user ${username} signs in with the password alone, until another factor is set up\n`);
}

/** For who has forgotten the password, and whom staff has made sure of. */
export async function printResetCode(username: string, office: Office): Promise<void> {
  const account = await accountNamed(username, office);
  if (account.disabled) throw new UserError(`user ${username} is disabled; enable them first`);
  await office.untilRecordable();
  const { codes, storeKeys } = office;
  const hash = (kind: string, text: string): string => storeKeys.keyedHash(kind, text);
  const code = await staffResetCode({ codes, hash, clock: systemClock }, account);
  await office.audit.record({
    ...{ type: 'account.changed', outcome: 'success', change: 'reset-code', accountId: account.accountId },
  });
  const minutes = STAFF_CODE_SECONDS / 60;
  process.stdout.write(
    `tell ${username} this code; it sets another password once, within ${minutes} minutes, and is shown this once: ${code}\n`,
  );
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
