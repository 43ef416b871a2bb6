import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateSync } from 'otplib';

import {
  addPasskey,
  askForPasskey,
  confirmTotp,
  hasSecondFactor,
  issueCode,
  issueRecoveryCodes,
  offerPasskey,
  offerTotp,
  removeFactor,
  takeCode,
  takePasskey,
  takeRecoveryCode,
  takeTotp,
} from '../../src/identity/index.ts';
import {
  createChallengeStore,
  createFactorStore,
  createOneTimeCodeStore,
  createStoreKeys,
  createVault,
  type Vault,
} from '../../src/store/index.ts';
import { Authenticator, type AuthenticatorQuirks } from '../support/authenticator.ts';
import { PLACES, atOnce, type Place } from './stores.ts';

const ISSUER = 'https://auth.example.org';
const START = 1_800_000_000;
const CALLERS = 20;

describe.each(PLACES)('what people sign in with beside the password, on %s', (_name, makePlace) => {
  let place: Place;
  let vault: Vault;
  /** The same store as another node sees it. */
  let elsewhere: Vault;
  let now = START;
  let unsureBefore = 0;
  let accountId = '';
  beforeAll(async () => {
    place = await makePlace();
    const secret = randomBytes(32);
    vault = createVault(await place.open(), createStoreKeys(secret));
    elsewhere = createVault(await place.open(), createStoreKeys(secret));
  });
  afterAll(() => place.clear());
  beforeEach(() => {
    now = START;
    unsureBefore = 0;
    accountId = `u-${randomBytes(12).toString('base64url')}`;
  });

  const partsOn = (one: Vault) => ({
    factors: createFactorStore(one, () => unsureBefore),
    challenges: createChallengeStore(one, () => unsureBefore),
    codes: createOneTimeCodeStore(one, () => unsureBefore),
    hash: (kind: string, text: string) => one.keys.keyedHash(kind, text),
    clock: () => now,
    issuer: ISSUER,
    name: 'Clinic',
  });
  const here = () => partsOn(vault);
  const either = (at: number) => partsOn(at % 2 === 0 ? vault : elsewhere);
  const owner = () => ({ accountId, username: 'dora', name: 'Dr Dora Singh' });
  const codeAt = (secret: string, epoch: number): string => generateSync({ secret, epoch });

  async function withTotp(): Promise<string> {
    const { secret } = await offerTotp(here(), owner(), 'Clinic');
    await confirmTotp(here(), accountId, codeAt(secret, now));
    now += 60;
    return secret;
  }

  describe('codes of an app', () => {
    test('a secret is offered until a code shows that it has arrived; drawn anew, the page offers the same', async () => {
      const offer = await offerTotp(here(), owner(), 'Clinic');
      const { secret, url, qr } = offer;
      expect(secret).toMatch(/^[A-Z2-7]{32}$/);
      expect(url).toContain(`otpauth://totp/Clinic:dora?secret=${secret}`);
      // The corners that a camera looks for, and nothing outside of the square.
      for (const corner of [
        [4, 4, 7],
        [qr.size - 11, 4, 7],
        [4, qr.size - 5, 7],
      ])
        expect(qr.runs).toContainEqual(corner);
      expect(
        qr.runs.every(([x, y, width]) => x >= 4 && y >= 4 && x + width <= qr.size - 4 && y < qr.size - 4),
      ).toBe(true);
      expect(await offerTotp(partsOn(elsewhere), owner(), 'Clinic')).toEqual(offer);
      expect(hasSecondFactor(await here().factors.read(accountId))).toBe(false);
      expect(await takeTotp(here(), accountId, codeAt(secret, now))).toBe('wrong');

      expect(await confirmTotp(here(), accountId, '000 000')).toBe('wrong');
      expect(await confirmTotp(here(), accountId, codeAt(secret, now))).toBe('confirmed');
      expect(hasSecondFactor(await partsOn(elsewhere).factors.read(accountId))).toBe(true);
      expect(await confirmTotp(here(), accountId, codeAt(secret, now))).toBe('expired');
    });

    test('an offer that is too old is no offer, and the next one is another', async () => {
      const { secret } = await offerTotp(here(), owner(), 'Clinic');
      now += 901;
      expect(await confirmTotp(here(), accountId, codeAt(secret, now))).toBe('expired');
      expect((await offerTotp(here(), owner(), 'Clinic')).secret).not.toBe(secret);
    });

    test('[A076] a code is good for its half minute and one before and after it, in every spelling', async () => {
      const secret = await withTotp();
      expect(await takeTotp(here(), accountId, codeAt(secret, now - 60))).toBe('wrong');
      expect(await takeTotp(here(), accountId, codeAt(secret, now + 60))).toBe('wrong');
      expect(await takeTotp(here(), accountId, codeAt(secret, now - 30))).toBe('right');
      const code = codeAt(secret, now);
      expect(await takeTotp(here(), accountId, ` ${code.slice(0, 3)} ${code.slice(3)}`)).toBe('right');
      expect(await takeTotp(here(), accountId, codeAt(secret, now + 30))).toBe('right');
      for (const nonsense of ['', '12345', '1234567', 'abcdef', '１２３４５６', '1e5', '-12345'])
        expect(await takeTotp(here(), accountId, nonsense)).toBe('wrong');
    });

    test('[A076] a code works once, also the one that it was set up with, and none before it works then', async () => {
      const { secret } = await offerTotp(here(), owner(), 'Clinic');
      await confirmTotp(here(), accountId, codeAt(secret, now));
      expect(await takeTotp(here(), accountId, codeAt(secret, now))).toBe('used');
      now += 30;
      expect(await takeTotp(here(), accountId, codeAt(secret, now))).toBe('right');
      expect(await takeTotp(partsOn(elsewhere), accountId, codeAt(secret, now))).toBe('used');
      expect(await takeTotp(here(), accountId, codeAt(secret, now - 30))).toBe('used');
    });

    test(`[A076] of ${CALLERS} who show one code at once, on two nodes, one gets in`, async () => {
      const secret = await withTotp();
      const code = codeAt(secret, now);
      const said = await atOnce((at) => takeTotp(either(at), accountId, code), CALLERS);
      expect(said.filter((one) => one === 'right')).toHaveLength(1);
      expect(said.filter((one) => one === 'used')).toHaveLength(CALLERS - 1);
    });

    test('[A076] what a store may have forgotten is no good: codes of before a failover', async () => {
      const secret = await withTotp();
      unsureBefore = (now - 10) * 1000;
      expect(await takeTotp(here(), accountId, codeAt(secret, now))).toBe('used');
      now += 60;
      expect(await takeTotp(here(), accountId, codeAt(secret, now))).toBe('right');
    });
  });

  describe('printed codes', () => {
    test('ten, easy to read, each good once, and the old ones end with the new', async () => {
      const codes = await issueRecoveryCodes(here(), accountId);
      expect(codes).toHaveLength(10);
      expect(new Set(codes).size).toBe(10);
      for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){2}$/);
      const [first = '', second = ''] = codes;
      expect(await takeRecoveryCode(here(), accountId, first.toUpperCase().replaceAll('-', ' '))).toEqual({
        ...{ ok: true, left: 9 },
      });
      expect(await takeRecoveryCode(partsOn(elsewhere), accountId, first)).toEqual({ ok: false, left: 9 });
      expect(await takeRecoveryCode(here(), 'u-somebody-else', second)).toEqual({ ok: false, left: 0 });
      const [fresh = ''] = await issueRecoveryCodes(here(), accountId);
      expect(await takeRecoveryCode(here(), accountId, second)).toEqual({ ok: false, left: 10 });
      expect(await takeRecoveryCode(here(), accountId, fresh)).toEqual({ ok: true, left: 9 });
    });

    test(`[A076] of ${CALLERS} who show one printed code at once, on two nodes, one gets in`, async () => {
      const [code = ''] = await issueRecoveryCodes(here(), accountId);
      const said = await atOnce((at) => takeRecoveryCode(either(at), accountId, code), CALLERS);
      expect(said.filter(({ ok }) => ok)).toHaveLength(1);
    });
  });

  describe('codes that were sent or told', () => {
    test('good once, for one purpose, in their time', async () => {
      const code = await issueCode(here(), `reset ${accountId}`, 600);
      expect(code).toMatch(/^\d{8}$/);
      expect(await takeCode(here(), `email ${accountId}`, code)).toBe('gone');
      const spaced = `${code.slice(0, 4)} ${code.slice(4)}`;
      expect(await takeCode(partsOn(elsewhere), `reset ${accountId}`, spaced)).toBe('right');
      expect(await takeCode(here(), `reset ${accountId}`, code)).toBe('gone');
      const old = await issueCode(here(), `reset ${accountId}`, 600);
      const fresh = await issueCode(here(), `reset ${accountId}`, 600);
      expect(await takeCode(here(), `reset ${accountId}`, old)).toBe('wrong');
      now += 600;
      expect(await takeCode(here(), `reset ${accountId}`, fresh)).toBe('gone');
    });

    test('five tries, and then it is gone, however many try at once', async () => {
      const code = await issueCode(here(), `reset ${accountId}`, 600);
      const said = await atOnce((at) => takeCode(either(at), `reset ${accountId}`, `no-${at}`), CALLERS);
      expect(said.filter((one) => one === 'wrong')).toHaveLength(5);
      expect(said.filter((one) => one === 'gone')).toHaveLength(CALLERS - 5);
      expect(await takeCode(here(), `reset ${accountId}`, code)).toBe('gone');
    });

    test(`of ${CALLERS} who show the right one at once, on two nodes, one gets in`, async () => {
      const code = await issueCode(here(), `reset ${accountId}`, 600);
      const said = await atOnce((at) => takeCode(either(at), `reset ${accountId}`, code), CALLERS);
      expect(said.filter((one) => one === 'right')).toHaveLength(1);
    });

    test('one of before a failover may have been used, and is not taken', async () => {
      const code = await issueCode(here(), `reset ${accountId}`, 600);
      unsureBefore = Date.now() + 1;
      expect(await takeCode(here(), `reset ${accountId}`, code)).toBe('gone');
    });
  });

  describe('passkeys', () => {
    async function register(key = new Authenticator(ISSUER), quirks: AuthenticatorQuirks = {}) {
      const options = await offerPasskey(here(), owner(), 'visit');
      const response = key.create(options, quirks);
      return {
        key,
        options,
        added: await addPasskey(here(), owner(), { binding: 'visit', response, name: ' Phone ' }),
      };
    }
    async function show(key: Authenticator, quirks: AuthenticatorQuirks = {}, who?: string) {
      const options = await askForPasskey(here(), 'visit', who);
      const asked = { binding: 'visit', response: key.get(options, quirks) };
      return takePasskey(here(), who === undefined ? asked : { ...asked, accountId: who });
    }

    test('one is made for this site, found without a user name, and signs its owner in', async () => {
      const { key, options, added } = await register();
      expect(options).toMatchObject({
        rp: { id: 'auth.example.org', name: 'Clinic' },
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      expect(added).toMatchObject({ ok: true, passkey: { name: 'Phone', counter: 0, addedAt: START } });
      now += 100;
      expect(await show(key)).toMatchObject({
        ok: true,
        accountId,
        passkey: { name: 'Phone', lastUsedAt: now },
      });
      expect((await here().factors.read(accountId)).passkeys).toMatchObject([
        { id: key.id, lastUsedAt: now },
      ]);
      const { excludeCredentials } = await offerPasskey(here(), owner(), 'visit');
      expect(excludeCredentials?.map(({ id }) => id)).toEqual([key.id]);
      expect(await register(key)).toMatchObject({ added: { ok: false, reason: 'known' } });
    });

    test.each<[string, AuthenticatorQuirks]>([
      ['made on another site', { origin: 'https://auth.example.org.evil.example' }],
      ['made over http', { origin: 'http://auth.example.org' }],
      ['made for another site', { rpId: 'example.org' }],
      ['without its owner', { isVerified: false }],
      ['for another challenge', { challenge: randomBytes(32).toString('base64url') }],
      ['made inside a frame of another site', { crossOrigin: true }],
    ])('[A077] one %s is refused, when it is added and when it is shown', async (_what, quirks) => {
      expect((await register(undefined, quirks)).added).toEqual({ ok: false, reason: 'refused' });
      const { key } = await register();
      expect(await show(key, quirks)).toMatchObject({ ok: false, reason: 'refused' });
      expect(await show(key)).toMatchObject({ ok: true });
    });

    test('[A077] an answer is good once, for the browser that was asked, in its time', async () => {
      const { key } = await register();
      const options = await askForPasskey(here(), 'visit');
      const response = key.get(options);
      expect(await takePasskey(here(), { binding: 'other visit', response })).toEqual({
        ...{ ok: false, reason: 'expired' },
      });
      expect(await takePasskey(partsOn(elsewhere), { binding: 'visit', response })).toMatchObject({
        ok: true,
      });
      expect(await takePasskey(here(), { binding: 'visit', response })).toEqual({
        ok: false,
        reason: 'expired',
      });
      const raced = { binding: 'visit', response: key.get(await askForPasskey(here(), 'visit')) };
      const said = await atOnce((at) => takePasskey(either(at), raced), CALLERS);
      expect(said.filter(({ ok }) => ok)).toHaveLength(1);
      const late = key.get(await askForPasskey(here(), 'visit'));
      unsureBefore = Date.now() + 1;
      expect(await takePasskey(here(), { binding: 'visit', response: late })).toMatchObject({ ok: false });
    });

    test('[A077] one that counts backwards, or stands still, may have been copied', async () => {
      const key = new Authenticator(ISSUER);
      key.counter = 5;
      await register(key);
      expect(await show(key, { counter: 6 })).toMatchObject({ ok: true });
      for (const counter of [6, 5, 0])
        expect(await show(key, { counter })).toMatchObject({ ok: false, reason: 'counter', accountId });
      expect(await show(key, { counter: 7 })).toMatchObject({ ok: true });
    });

    test('[A077] somebody else’s is refused, whatever it says whose it is', async () => {
      const { key } = await register();
      const handle = (id: string): string => Buffer.from(id).toString('base64url');
      expect(await show(key, {}, 'u-other')).toEqual({ ok: false, reason: 'unknown' });
      expect(await show(key, { userHandle: handle('u-other') })).toEqual({ ok: false, reason: 'unknown' });
      expect(await show(key, { userHandle: handle('x}:account') })).toEqual({ ok: false, reason: 'unknown' });
      expect(await show(new Authenticator(ISSUER))).toEqual({ ok: false, reason: 'unknown' });
      const stranger = new Authenticator(ISSUER);
      Object.assign(stranger, { id: key.id, userHandle: key.userHandle });
      expect(await show(stranger)).toMatchObject({ ok: false, reason: 'refused' });
    });

    test('[A077] what is no answer at all is refused', async () => {
      const { key } = await register();
      for (const response of [undefined, null, 'x', {}, { ...key, id: 1 }, { id: key.id, rawId: key.id }]) {
        await askForPasskey(here(), 'visit');
        expect(await takePasskey(here(), { binding: 'visit', response })).toEqual({
          ok: false,
          reason: 'refused',
        });
        await offerPasskey(here(), owner(), 'visit');
        const added = await addPasskey(here(), owner(), { binding: 'visit', response, name: '' });
        expect(added).toEqual({ ok: false, reason: 'refused' });
      }
    });
  });

  test('the last factor stays with who must have one, and goes with the printed codes of who need not', async () => {
    const { factors } = here();
    await withTotp();
    await issueRecoveryCodes(here(), accountId);
    const key = new Authenticator(ISSUER);
    const options = await offerPasskey(here(), owner(), 'visit');
    await addPasskey(here(), owner(), { binding: 'visit', response: key.create(options), name: 'Key' });
    const passkey = { kind: 'passkey', id: key.id } as const;
    expect(await removeFactor(factors, accountId, { kind: 'totp' }, 'required')).toBe('removed');
    expect(await removeFactor(factors, accountId, { kind: 'totp' }, 'required')).toBe('unknown');
    expect(await removeFactor(factors, accountId, passkey, 'required')).toBe('last');
    expect(await factors.read(accountId)).toMatchObject({ passkeys: [{ id: key.id }] });
    expect(await removeFactor(factors, accountId, passkey, 'optional')).toBe('removed');
    expect(await factors.read(accountId)).toEqual({ passkeys: [] });
    await withTotp();
    await factors.remove(accountId);
    expect(await partsOn(elsewhere).factors.read(accountId)).toEqual({ passkeys: [] });
  });

  test('[SEC-11] no secret and no code of these ever reaches the disk', async () => {
    const { secret } = await offerTotp(here(), owner(), 'Clinic');
    const [printed = ''] = await issueRecoveryCodes(here(), accountId);
    const sent = await issueCode(here(), `CANARY ${accountId}`, 600);
    const { challenge } = await askForPasskey(here(), 'visit');
    const disk = await place.diskBytes();
    expect(disk.includes(accountId)).toBe(true);
    const found = [secret, printed, printed.replaceAll('-', ''), sent, challenge, 'CANARY', 'Dora'];
    expect(found.filter((text) => disk.includes(text))).toEqual([]);
  });
});
