import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import {
  confirmAddress,
  createAccount,
  finishReset,
  mailAddressCode,
  mailSignInCode,
  requestReset,
  staffResetCode,
  takeSignInCode,
  verifyPassword,
  type Account,
  type Mail,
  type ResetForm,
} from '../../src/identity/index.ts';
import { createFactorThrottle, createMailLimit } from '../../src/limits/index.ts';
import {
  createAccountStore,
  createCounters,
  createOneTimeCodeStore,
  createStoreKeys,
  createVault,
  type Vault,
} from '../../src/store/index.ts';
import { PLACES, atOnce, type Place } from './stores.ts';

const NEW = 'violet staple marmot 9';
const WRONG = { ok: false, reason: 'wrong-code' };

describe.each(PLACES)('a forgotten password, on %s', (_name, makePlace) => {
  let place: Place;
  let vault: Vault;
  let now = Math.floor(Date.now() / 1000);
  let dora: Account;
  let posted: (() => Promise<Mail | undefined>)[] = [];
  let ended: string[] = [];
  beforeAll(async () => {
    place = await makePlace();
    vault = createVault(await place.open(), createStoreKeys(randomBytes(32)));
  });
  afterAll(() => place.clear());
  beforeEach(async () => {
    [posted, ended] = [[], []];
    now = Math.floor(Date.now() / 1000);
    const username = `dora-${randomBytes(6).toString('hex')}`;
    const made = {
      username,
      name: 'Dr Dora Singh',
      role: 'practitioner' as const,
      email: 'dora@clinic.example',
    };
    dora = { ...(await createAccount(made, 'correct horse battery')), emailVerified: true };
    await createAccountStore(vault).add(dora);
  });

  const parts = () => ({
    accounts: createAccountStore(vault),
    codes: createOneTimeCodeStore(vault),
    hash: (kind: string, text: string) => vault.keys.keyedHash(kind, text),
    clock: () => now,
    throttle: createFactorThrottle(createCounters(vault)),
    mayMail: createMailLimit(createCounters(vault)),
    outbox: { post: (write: () => Promise<Mail | undefined>) => void posted.push(write) },
    ruleOf: () => 'optional' as const,
    endSessions: async (id: string) => void ended.push(id),
  });
  const compose = (code: string) => ({ subject: 'Your code', text: code });
  const sent = async (): Promise<Mail[]> =>
    (await Promise.all(posted.splice(0).map((write) => write()))).filter((mail) => mail !== undefined);
  const finish = (form: Partial<ResetForm>) =>
    finishReset(parts(), { username: dora.username, code: '', password: NEW, address: '192.0.2.1', ...form });
  async function mailedCode(): Promise<string> {
    requestReset(parts(), dora.username, compose);
    return (await sent())[0]?.text ?? '';
  }

  test('a code that was mailed sets another password, once, and every session of before ends', async () => {
    requestReset(parts(), dora.username.toUpperCase(), compose);
    const [mail] = await sent();
    expect(mail).toEqual({
      to: 'dora@clinic.example',
      subject: 'Your code',
      text: expect.stringMatching(/^\d{8}$/),
    });
    const code = mail?.text ?? '';
    expect(await finish({ code, password: 'too short' })).toMatchObject({ reason: 'password' });
    expect(await finish({ code, password: 'Dora Singh Dora Singh' })).toEqual({
      ...{ ok: false, reason: 'password', problem: { code: 'too-easy' } },
    });
    expect(ended).toEqual([]);
    expect(await finish({ code })).toMatchObject({ ok: true, account: { accountId: dora.accountId } });
    expect(ended).toEqual([dora.accountId]);
    const { passwordHash } = (await createAccountStore(vault).find(dora.accountId)) ?? dora;
    expect(await verifyPassword(passwordHash, NEW)).toBe(true);
    expect(await finish({ code, password: 'another horse battery' })).toEqual(WRONG);
  });

  test('[A075] who is nobody, disabled, has no password here, or no address that is known to be theirs, gets no mail and the same answer', async () => {
    const { accounts } = parts();
    requestReset(parts(), 'nobody-at-all', compose);
    requestReset(parts(), 'x'.repeat(1_000_000), compose);
    await accounts.change(dora.accountId, (account) => ({ ...account, emailVerified: false }));
    requestReset(parts(), dora.username, compose);
    expect(await sent()).toEqual([]);
    await accounts.change(dora.accountId, (account) => ({ ...account, emailVerified: true }));
    const { passwordHash = '' } = (await accounts.find(dora.accountId)) ?? {};
    await accounts.change(dora.accountId, ({ passwordHash: _none, ...account }) => account);
    requestReset(parts(), dora.username, compose);
    expect(await sent()).toEqual([]);
    await accounts.change(dora.accountId, (account) => ({ ...account, passwordHash }));
    const code = await mailedCode();
    await accounts.change(dora.accountId, (account) => ({ ...account, disabled: true }));
    requestReset(parts(), dora.username, compose);
    expect(await sent()).toEqual([]);
    expect(await finish({ code })).toEqual(WRONG);
    expect(await finish({ username: 'nobody-at-all', code })).toEqual(WRONG);
    expect(await finish({ username: '', code: '' })).toEqual(WRONG);
  });

  test('[A075] a wrong guess costs as much for who was sent nothing, and takes no code away that staff has told', async () => {
    const { codes, accounts } = parts();
    const triesLeft = (username: string) =>
      codes.change(`reset ${username}`, (code) => ({ result: code?.triesLeft }));
    for (const username of [dora.username, `nobody-${dora.username}`]) {
      expect(await triesLeft(username)).toBeUndefined();
      requestReset(parts(), username, compose);
      await sent();
      expect(await finish({ username, code: 'x' })).toEqual(WRONG);
      expect(await triesLeft(username)).toBe(4);
    }
    await accounts.change(dora.accountId, (account) => ({ ...account, emailVerified: false }));
    const told = await staffResetCode(parts(), dora);
    requestReset(parts(), dora.username, compose);
    expect(await sent()).toEqual([]);
    expect(await finish({ code: told })).toMatchObject({ ok: true });
  });

  test('[A076] what is guessed is counted, of who exists and who does not', async () => {
    for (const username of [dora.username, `nobody-${dora.username}`]) {
      const said = [];
      // From many networks, as one who guesses would.
      for (let at = 0; at < 12; at += 1)
        said.push(await finish({ username, code: '00000000', address: `198.51.100.${at}` }));
      expect(said.slice(0, 10)).toEqual(Array(10).fill(WRONG));
      expect(said.slice(10)).toEqual(
        Array(2).fill({ ok: false, reason: 'too-many', seconds: expect.any(Number) }),
      );
    }
  });

  test('nobody is mailed more than five codes an hour, and each takes the place of the one before', async () => {
    const codes: string[] = [];
    for (let at = 0; at < 7; at += 1) codes.push(await mailedCode());
    expect(codes.filter(Boolean)).toHaveLength(5);
    expect(await finish({ code: codes[3]! })).toEqual(WRONG);
    expect(await finish({ code: codes[4]! })).toMatchObject({ ok: true });
  });

  test('a code that staff reads out is good for a quarter of an hour, and takes the place of a mailed one', async () => {
    const mailed = await mailedCode();
    const told = await staffResetCode(parts(), dora);
    expect(await finish({ code: mailed })).toEqual(WRONG);
    now += 899;
    const spaced = `${told.slice(0, 4)}-${told.slice(4)}`;
    expect(await finish({ code: spaced, password: 'too short' })).toMatchObject({ reason: 'password' });
    now += 1;
    expect(await finish({ code: told })).toEqual(WRONG);
  });

  test('of many who have the code at once one sets the password', async () => {
    const code = await mailedCode();
    const said = await atOnce(() => finish({ code }), 5);
    expect(said.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test('a code beside the password is for one visit; one that confirms an address is for that address', async () => {
    mailSignInCode(parts(), dora, 'visit', compose);
    mailSignInCode(parts(), { ...dora, emailVerified: false }, 'visit', compose);
    const mails = await sent();
    expect(mails).toHaveLength(1);
    const code = mails[0]?.text ?? '';
    expect(await takeSignInCode(parts(), dora.accountId, 'other visit', code)).toBe('gone');
    expect(await takeSignInCode(parts(), dora.accountId, 'visit', code)).toBe('right');

    mailAddressCode(parts(), dora.accountId, 'new@clinic.example', compose);
    const [confirming] = await sent();
    expect(confirming?.to).toBe('new@clinic.example');
    const shown = confirming?.text ?? '';
    expect(await confirmAddress(parts(), dora.accountId, 'other@clinic.example', shown)).toBe('gone');
    expect(await confirmAddress(parts(), dora.accountId, 'new@clinic.example', '0')).toBe('wrong');
    expect(await confirmAddress(parts(), dora.accountId, 'new@clinic.example', shown)).toBe('confirmed');
    expect(await createAccountStore(vault).find(dora.accountId)).toMatchObject({
      ...{ email: 'new@clinic.example', emailVerified: true },
    });
  });

  test('[A092] a change of an account does not undo another one', async () => {
    const accounts = createAccountStore(vault);
    await Promise.all([
      accounts.change(dora.accountId, (account) => ({ ...account, disabled: true })),
      accounts.change(dora.accountId, (account) => ({ ...account, passwordHash: 'new' })),
    ]);
    expect(await accounts.find(dora.accountId)).toMatchObject({ disabled: true, passwordHash: 'new' });
    expect(await accounts.change('u-nobody', (account) => account)).toBeUndefined();
  });
});
