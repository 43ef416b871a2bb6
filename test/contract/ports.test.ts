import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clientRegistration, secretMatches, type ClientStore } from '../../src/clients/index.ts';
import type { Account, AccountStore } from '../../src/identity/index.ts';
import { loadOrCreateKeys, rotateKeys } from '../../src/keys/index.ts';
import type { LaunchRecord } from '../../src/launch/index.ts';
import {
  SealBroken,
  createAccountStore,
  createClientStore,
  createLaunchStore,
  createProgressStore,
  createSigningKeyStore,
  createStoreKeys,
  createVault,
  key,
  type Vault,
} from '../../src/store/index.ts';
import { CALLERS, PLACES, atOnce, type Place } from './stores.ts';

const secret = randomBytes(32);
const systemNow = (): number => Math.floor(Date.now() / 1000);

describe.each(PLACES)('the ports on %s', (_name, makePlace) => {
  let place: Place;
  let vault: Vault;
  /** The same store as another node sees it. */
  let elsewhere: Vault;
  beforeAll(async () => {
    place = await makePlace();
    vault = createVault(await place.open(), createStoreKeys(secret));
    elsewhere = createVault(await place.open(), createStoreKeys(secret));
  });
  afterAll(() => place.clear());
  const either = (at: number): Vault => (at % 2 === 0 ? vault : elsewhere);

  describe('accounts', () => {
    let accounts: AccountStore;
    beforeAll(() => {
      accounts = createAccountStore(vault);
    });
    const account = (accountId: string, username: string): Account => ({
      accountId,
      username,
      name: `CANARY ${username}`,
      role: 'practitioner',
      passwordHash: '$argon2id$CANARY',
      disabled: false,
    });

    test('[CONS-02] an account is found by its id and its user name, on every node', async () => {
      const ada = account('u-ada', 'ada');
      expect(await accounts.add(ada)).toBe(true);
      expect(await accounts.find('u-ada')).toEqual(ada);
      expect(await createAccountStore(elsewhere).findByUsername('ada')).toEqual(ada);
      expect(await accounts.find('ada')).toBeUndefined();
      expect(await accounts.findByUsername('u-ada')).toBeUndefined();
    });

    test('[A078] a user name is taken in every spelling of it', async () => {
      await accounts.add(account('u-asa', 'Åsa'));
      expect(await accounts.add(account('u-asa2', 'A\u030aSA'))).toBe(false);
      expect(await accounts.findByUsername('åsa')).toMatchObject({ accountId: 'u-asa' });
      expect(await accounts.find('u-asa2')).toBeUndefined();
      expect((await accounts.list()).map(({ accountId }) => accountId)).not.toContain('u-asa2');
    });

    test(`[A078] of ${CALLERS} who want one user name at once, one gets it`, async () => {
      const added = await atOnce((at) => createAccountStore(either(at)).add(account(`u-race-${at}`, 'race')));
      expect(added.filter(Boolean)).toHaveLength(1);
      const winner = `u-race-${added.indexOf(true)}`;
      expect(await accounts.findByUsername('race')).toMatchObject({ accountId: winner });
      const listed = (await accounts.list())
        .map(({ accountId }) => accountId)
        .filter((id) => id.startsWith('u-race'));
      expect(listed).toEqual([winner]);
    });

    test('[A092] disabling is seen at once, everywhere', async () => {
      const bob = account('u-bob', 'bob');
      await accounts.add(bob);
      await accounts.save({ ...bob, disabled: true });
      const other = createAccountStore(elsewhere);
      expect(await other.find('u-bob')).toMatchObject({ disabled: true });
      expect(await other.findByUsername('BOB')).toMatchObject({ disabled: true });
    });
  });

  describe('clients', () => {
    let clients: ClientStore;
    beforeAll(() => {
      clients = createClientStore(vault);
    });
    const SECRET = 'CANARY-secret-of-enough-length';
    const registration = (id: string) =>
      clientRegistration.parse({
        client_id: id,
        client_name: 'App',
        redirect_uris: ['https://app.example/cb'],
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: SECRET,
      });

    test('[CRG-08] [SEC-11] a registration comes back with a hash in the place of its secret', async () => {
      expect(await clients.add(registration('app'))).toBe(true);
      const { registration: found, disabled } = await createClientStore(elsewhere).find('app');
      expect(disabled).toBe(false);
      expect({ ...found, client_secret: SECRET }).toEqual(registration('app'));
      expect([secretMatches(found?.client_secret ?? '', SECRET), found?.client_secret === SECRET]).toEqual([
        true,
        false,
      ]);
      expect(await clients.list()).toContain('app');
    });

    test('[C2] an id that is taken stays with who has it', async () => {
      await clients.add(registration('taken'));
      expect(await clients.add({ ...registration('taken'), client_name: 'Thief' })).toBe(false);
      expect((await clients.find('taken')).registration).toMatchObject({ client_name: 'App' });
    });

    test(`[C2] of ${CALLERS} who register one id at once, one does`, async () => {
      const added = await atOnce((at) =>
        createClientStore(either(at)).add({ ...registration('race'), client_name: `App ${at}` }),
      );
      expect(added.filter(Boolean)).toHaveLength(1);
      const { registration: found } = await clients.find('race');
      expect(found?.client_name).toBe(`App ${added.indexOf(true)}`);
    });

    test('[A020] a client is disabled at once on every node, and enabled again', async () => {
      await clients.add(registration('switch'));
      const other = createClientStore(elsewhere);
      await clients.setDisabled('switch', true);
      expect(await other.find('switch')).toMatchObject({ disabled: true });
      await clients.setDisabled('switch', false);
      expect(await other.find('switch')).toMatchObject({ disabled: false });
    });

    test('[A020] a client only the configuration knows can be disabled', async () => {
      await clients.setDisabled('configured', true);
      expect(await clients.find('configured')).toEqual({ registration: undefined, disabled: true });
    });

    test('[CRG-12] removed, a client is unknown, also to who asks whether it was disabled', async () => {
      await clients.add(registration('gone'));
      await clients.setDisabled('gone', true);
      await clients.remove('gone');
      expect(await clients.find('gone')).toEqual({ registration: undefined, disabled: false });
      expect(await clients.list()).not.toContain('gone');
      expect(await clients.add(registration('gone'))).toBe(true);
    });

    test('[A197] the registration of one client at the place of another is an alarm', async () => {
      await clients.add(registration('strong'));
      const [value] = await vault.driver.getMany([key.client('strong')]);
      await vault.driver.put({ key: key.client('weak'), value: value! });
      await expect(clients.find('weak')).rejects.toThrow(SealBroken);
    });
  });

  describe('launches', () => {
    const record: LaunchRecord = {
      clientId: 'app',
      fhirBaseUrl: 'https://ehr.example/fhir',
      context: { patient: 'CANARY-patient', need_patient_banner: false },
      announcedBy: 'ehr',
      expiresAt: systemNow() + 300,
    };

    test('[LCH-04] a launch can be looked at often and redeemed once', async () => {
      const launches = createLaunchStore(vault);
      await launches.put('CANARY-launch', record, 300);
      expect(await launches.peek('CANARY-launch')).toEqual(record);
      expect(await createLaunchStore(elsewhere).peek('CANARY-launch')).toEqual(record);
      expect(await launches.take('CANARY-launch')).toEqual(record);
      expect(await launches.take('CANARY-launch')).toBeUndefined();
      expect(await launches.peek('CANARY-launch')).toBeUndefined();
    });

    test(`[A046] of ${CALLERS} who redeem one launch at once, one gets it`, async () => {
      await createLaunchStore(vault).put('raced', record, 300);
      const taken = await atOnce((at) => createLaunchStore(either(at)).take('raced'));
      expect(taken.filter(Boolean)).toEqual([record]);
    });

    test('[A045] an unknown launch is unknown', async () => {
      expect(await createLaunchStore(vault).peek('nothing')).toBeUndefined();
    });
  });

  test('[A070] how far somebody has come is kept by interaction', async () => {
    const progress = createProgressStore<{ step: string }>(vault);
    await progress.save('CANARY-uid', { step: 'patient' }, 60);
    expect(await progress.load('CANARY-uid')).toEqual({ step: 'patient' });
    expect(await progress.load('other')).toBeUndefined();
    await progress.remove('CANARY-uid');
    expect(await progress.load('CANARY-uid')).toBeUndefined();
  });

  test('[F34] [F35] nodes that start at once sign with the same keys, and all see a rotation', async () => {
    const sets = await Promise.all(
      [vault, elsewhere, vault].map((one) => loadOrCreateKeys(createSigningKeyStore(one), systemNow)),
    );
    expect(new Set(sets.map((set) => set.keys.map(({ kid }) => kid).join())).size).toBe(1);
    const rotated = await rotateKeys(sets[0]!, systemNow);
    await createSigningKeyStore(vault).save(rotated);
    expect(await createSigningKeyStore(elsewhere).load()).toEqual(rotated);
    expect(await createSigningKeyStore(elsewhere).create(sets[0]!)).toBe(false);
  });

  test('[SEC-11] what ever reached the disk holds no password hash, secret, name, patient or key', async () => {
    const disk = await place.diskBytes();
    expect(disk.includes(key.signingKeys)).toBe(true);
    expect(disk.includes(key.client('app'))).toBe(true);
    expect(['CANARY', 'argon2id', 'sha256:', '"jwk"'].filter((text) => disk.includes(text))).toEqual([]);
  });

  test('[A197] [F03] under another store secret it is an alarm, not an empty store', async () => {
    const stranger = createVault(vault.driver, createStoreKeys(randomBytes(32)));
    await expect(createSigningKeyStore(stranger).load()).rejects.toThrow(SealBroken);
    await expect(createClientStore(stranger).find('app')).rejects.toThrow(SealBroken);
  });
});
