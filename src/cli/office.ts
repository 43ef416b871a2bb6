import { Option, type Command } from 'commander';
import path from 'node:path';

import { createClientRegistry, type ClientRegistry, type ClientStore } from '../clients/index.ts';
import { composeEndings, type Ending, type KeepEnding } from '../compose-endings.ts';
import { composeLogout } from '../compose-logout.ts';
import { composeRecords, type ComposedRecords } from '../compose-records.ts';
import { loadConfig, storeSecrets, type Config } from '../config/index.ts';
import type { GrantSummary } from '../consent/index.ts';
import type { Account, AccountStore, FactorStore, OneTimeCodeStore, SessionList } from '../identity/index.ts';
import { loadOrCreateKeys, type SigningKeyStore } from '../keys/index.ts';
import { systemClock } from '../oauth/index.ts';
import {
  createAccountLinks,
  createAccountStore,
  createClientStore,
  createFactorStore,
  createGrantIndex,
  createGrantList,
  createAuditKeyStore,
  createRecordKeyStore,
  createOneTimeCodeStore,
  createSessionEnd,
  createSessionList,
  createSigningKeyStore,
  createUsageStore,
  createVault,
  openKeyRing,
  type GrantIndex,
  type KeyRing,
  type StoreDriver,
  type StoreKeys,
} from '../store/index.ts';
import type { AccountLinks } from '../upstream/index.ts';
import type { UsageStore } from '../usage/index.ts';
import { guardCrypto } from './crypto-safety.ts';
import { configOption } from './config-command.ts';
import { DEFAULT_DEMO_DIR, demoConfig } from './demo-config.ts';
import { openCommandAudit, type CommandAudit } from './command-audit.ts';
import { UserError } from './explain.ts';
import { openCommandStore } from './run-server.ts';

/** What an operator works with. The server may be running: Redis takes many, and an embedded store is used through its server. */
export interface Office extends CommandAudit {
  readonly config: Config;
  readonly driver: StoreDriver;
  readonly storeKeys: StoreKeys;
  readonly ring: KeyRing;
  readonly clients: ClientRegistry;
  readonly clientStore: ClientStore;
  readonly accounts: AccountStore;
  readonly links: AccountLinks;
  readonly factors: FactorStore;
  readonly codes: OneTimeCodeStore;
  readonly sessions: SessionList;
  readonly signingKeys: SigningKeyStore;
  readonly recordKeys: SigningKeyStore;
  readonly auditKeys: SigningKeyStore;
  readonly records: ComposedRecords;
  readonly keepEnding: KeepEnding;
  readonly grants: GrantIndex;
  readonly grantList: ReturnType<typeof createGrantList>;
  readonly usage: UsageStore;
}

export interface OfficeOptions {
  readonly config?: string;
  readonly demo?: boolean;
  readonly dataDir?: string;
}

/** Adds the options that say whose store is meant. */
export function withStoreOptions(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(new Option('--demo', 'work on the store of the demo').conflicts('config'))
    .addOption(new Option('--data-dir <dir>', 'with --demo: where the demo keeps its files').env('DATA_DIR'));
}

/**
 * Opens the store, does the work, closes the store. Audit records go to standard error, out of the way of output.
 *
 * @param options.begins default; else a store that was never used stays as it is, and nothing may be sealed
 */
export async function inOffice(
  options: OfficeOptions,
  work: (office: Office) => Promise<void>,
  { begins = true }: { readonly begins?: boolean } = {},
): Promise<void> {
  const config = await configOf(options);
  const driver = await openCommandStore(config);
  const ring = await openKeyRing(driver, storeSecrets(config), { begins });
  const storeKeys = ring.keys;
  const vault = createVault(driver, storeKeys);
  const clientStore = createClientStore(vault);
  const auditKeys = createAuditKeyStore(vault);
  const { audit, trailFiles, untilRecordable } = openCommandAudit({
    ...{ config, keyStore: () => auditKeys, log: ON_STDERR },
  });
  const { refreshTokenSeconds, accessTokenSeconds } = config.tokens;
  const grants = createGrantIndex(driver, refreshTokenSeconds + accessTokenSeconds);
  const clients = createClientRegistry(config.clients, clientStore);
  const accounts = createAccountStore(vault);
  const records = composeRecords({ config, vault, clock: systemClock, audit, log: ON_STDERR });
  const keepEnding = composeEndings({ config, clients, accounts, records, log: ON_STDERR });
  // They are written before the command ends.
  const signedOut: Promise<void>[] = [];
  const signingKeys = createSigningKeyStore(vault);
  const logout = composeLogout({
    ...{ config, vault, clients, audit, clock: systemClock, log: ON_STDERR },
    signingKeys: () => loadOrCreateKeys(signingKeys, systemClock),
  });
  try {
    await work({
      config,
      driver,
      storeKeys,
      ring,
      clientStore,
      clients,
      accounts,
      links: createAccountLinks(vault),
      factors: createFactorStore(vault),
      codes: createOneTimeCodeStore(vault),
      signingKeys,
      recordKeys: createRecordKeyStore(vault),
      auditKeys,
      trailFiles,
      records,
      keepEnding,
      grantList: createGrantList(vault),
      grants,
      sessions: createSessionList(
        vault,
        createSessionEnd(vault, grants, {
          told: logout.tell,
          grantEnded: (grant) =>
            void signedOut.push(keepEnding(grant, { by: 'operator', why: 'signed-out' })),
        }),
      ),
      usage: createUsageStore(vault, TRUSTING, refreshTokenSeconds + accessTokenSeconds),
      audit,
      untilRecordable,
    });
  } finally {
    await Promise.all(signedOut);
    await logout.close(LOGOUT_MS);
    await audit.close();
    await driver.close();
  }
}

/** Two tries of 2.5 s, for apps that are told of a sign-out. */
const LOGOUT_MS = 6000;

function printProblem(details: object, message: string): void {
  const { err, url, reason } = details as { err?: unknown; url?: string; reason?: string };
  const what = [url, reason, err].filter((part) => part !== undefined).map(String);
  process.stderr.write(`${[message, ...what].join(': ')}\n`);
}
const ON_STDERR = { error: printProblem, warn: printProblem };

/** @throws UserError when nobody is called so */
export async function accountNamed(
  username: string,
  { accounts }: Pick<Office, 'accounts'>,
): Promise<Account> {
  const account = await accounts.findByUsername(username);
  if (!account) throw new UserError(`there is no user ${username}`);
  return account;
}

/** A command only reads what was used; what is believed is decided where it is written. */
const TRUSTING = { unsureBefore: () => 0, endedAt: () => 0 };

export async function configOf({ config: file, demo, dataDir }: OfficeOptions): Promise<Config> {
  if (demo)
    return (await demoConfig({ dataDir: path.resolve(dataDir ?? DEFAULT_DEMO_DIR), env: process.env }))
      .config;
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env: process.env });
  // What a command keeps, a password say, has to be what the server can use.
  guardCrypto(config, QUIET);
  return config;
}

const QUIET = { warn: () => undefined };

/** Where files lie that are looked at without a store; unlike {@link configOf} it makes nothing where there is no demo yet. */
export function dataDirOf({ config: file, demo, dataDir }: OfficeOptions): string {
  if (demo) return path.resolve(dataDir ?? DEFAULT_DEMO_DIR);
  return loadConfig({ ...(file === undefined ? {} : { file }), env: process.env }).store.dataDir;
}

/**
 * Ends what the owner has, shuts the door, and ends what came in between: so nothing of theirs lives on, wherever in this
 * the process is killed. A store that is out of memory takes no flag, and tombstones still: the end comes whatever became
 * of the flag, which is told after it.
 *
 * @returns how many grants were ended
 */
export async function shutOut(
  office: EndingOffice,
  owner: Owner,
  shutDoor: () => Promise<void>,
  ending: Ending,
): Promise<number> {
  const { grants } = office;
  await Promise.allSettled([grants.bar(owner)]);
  const [shut] = await Promise.allSettled([shutDoor()]);
  const known = await livingOf(office, owner);
  const [ended] = await Promise.allSettled([grants.revokeAllOf(owner)]);
  const left = ended.status === 'fulfilled' ? [] : await office.grantList(owner).catch(() => known);
  const living = new Set(left.map(({ grantId }) => grantId));
  await keepEndings(
    office,
    known.filter(({ grantId }) => !living.has(grantId)),
    ending,
  );
  if (ended.status === 'rejected') throw ended.reason;
  if (shut.status === 'rejected') throw shut.reason;
  return ended.value;
}

type EndingOffice = Pick<Office, 'grants' | 'grantList' | 'keepEnding'>;
type Owner = Parameters<GrantIndex['bar']>[0];

/** For the records of their end; that goes on without them. */
export function livingOf(
  { grantList }: Pick<Office, 'grantList'>,
  owner: Owner,
): Promise<readonly GrantSummary[]> {
  return grantList(owner).catch(() => []);
}

/** One after the other: there may be many. */
export async function keepEndings(
  { keepEnding }: Pick<Office, 'keepEnding'>,
  ended: readonly GrantSummary[],
  ending: Ending,
): Promise<void> {
  for (const grant of ended) await keepEnding(grant, ending);
}
