import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';

import { newQuestion, readReply } from '../../../src/time/packet.ts';
import { answerOf, type Said } from '../../support/time-server.ts';

const NOW = Date.UTC(2026, 10, 26, 10, 0, 0, 250);

describe('a question to a time server', () => {
  test('[SEC-2] is of 48 bytes, version 4, mode client, and tells nothing but a random number', () => {
    const { packet, origin } = newQuestion();
    expect([packet.length, packet[0]]).toEqual([48, 0x23]);
    expect(packet.subarray(40)).toEqual(origin);
    expect(packet.subarray(1, 40).every((byte) => byte === 0)).toBe(true);
    expect(newQuestion().origin).not.toEqual(origin);
  });
});

describe('the answer of a time server', () => {
  const { packet, origin } = newQuestion();
  const read = (said: Said, now = NOW) => readReply(answerOf(packet, now, said), origin);

  test('[SEC-2] tells its time, and how far that may be from the true one', () => {
    const reply = read({ rootDelayMs: 30, rootDispersionMs: 10 });
    expect(reply).toEqual({
      ok: true,
      time: {
        receivedMs: expect.closeTo(NOW, 3),
        sentMs: expect.closeTo(NOW, 3),
        distanceMs: expect.closeTo(25, 1),
      },
    });
  });

  test('[SEC-2] is read after the seconds have begun anew in 2036', () => {
    const later = Date.UTC(2040, 0, 1);
    expect(read({}, later)).toMatchObject({ ok: true, time: { sentMs: expect.closeTo(later, 3) } });
  });

  test.each<[string, Said, string]>([
    ['that asks to be left alone', { stratum: 0, reference: 'RATE' }, 'kiss'],
    ['of a clock that nobody has set', { leap: 3 }, 'unsynchronized'],
    ['of stratum 16', { stratum: 16 }, 'unsynchronized'],
    ['that is a question', { mode: 3 }, 'malformed'],
    ['that is a broadcast', { mode: 5 }, 'malformed'],
    ['of version 0', { version: 0 }, 'malformed'],
    ['to another question', { origin: Buffer.alloc(8, 7) }, 'not-ours'],
    ['that may be two seconds wrong', { rootDispersionMs: 2000 }, 'too-uncertain'],
    ['that came a long way', { rootDelayMs: 2500 }, 'too-uncertain'],
  ])('[SEC-2] %s is not believed', (_what, said, code) => {
    expect(read(said)).toMatchObject({ ok: false, code });
  });

  test('[SEC-2] without a time, or cut off, is not believed', () => {
    const answer = answerOf(packet, NOW);
    expect(readReply(answer.subarray(0, 47), origin)).toMatchObject({ ok: false, code: 'malformed' });
    answer.fill(0, 32);
    expect(readReply(answer, origin)).toMatchObject({ ok: false, code: 'malformed' });
  });

  test('[SEC-2] whatever comes, it is read without an error, and never believed without our random number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(readReply(Buffer.from(bytes), origin).ok).toBe(false);
      }),
    );
  });
});
