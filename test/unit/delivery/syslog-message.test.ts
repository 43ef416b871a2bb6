import { describe, expect, test } from '@jest/globals';

import type { AuditRecord } from '../../../src/audit/index.ts';
import { batchOf, framed, syslogMessage } from '../../../src/delivery/index.ts';

const HOUSE = { issuer: 'https://as.example.org', name: 'General Hospital' };
const record = (reason: string): AuditRecord => ({
  ...{
    type: 'sign-in',
    outcome: 'refused',
    reason,
    recorded: '2026-11-26T10:15:00.123Z',
    timeSource: 'system',
  },
});
const messageOf = (reason: string, chain = '20261126T101500.123Z-6f2d'): string =>
  syslogMessage(
    batchOf([{ chain, seq: 3, hash: 'h4sh', record: record(reason) }], HOUSE).events[0]!,
    'as.example.org',
  );

describe('an audit event as a syslog message', () => {
  test('[SEC-5] header, structured data and body are those of RFC 5424', () => {
    const message = messageOf('wrong');
    const [, data, body] =
      /^<85>1 2026-11-26T10:15:00\.123Z as\.example\.org gatehouse - AuditEvent (\[.*?\]) (.*)$/s.exec(
        message,
      )!;
    expect(data).toMatch(
      /^\[gatehouse@32473 chain="20261126T101500\.123Z-6f2d" seq="3" hash="h4sh" id="[0-9a-f-]{36}"\]$/,
    );
    expect(body!.startsWith('\ufeff')).toBe(true);
    expect(JSON.parse(body!.slice(1))).toMatchObject({ resourceType: 'AuditEvent', outcomeDesc: 'wrong' });
  });

  test.each([
    ['line breaks', 'x\r\n<85>1 - - - - - - forged'],
    ['terminal commands', '\u001b[2Jx\u009b2K'],
    ['other line breaks', 'x\u2028y\u2029z\u0085'],
  ])('[SEC-5] [A196] %s in a value forge no line', (_what, reason) => {
    const message = messageOf(reason);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(JSON.parse(message.slice(message.indexOf('\ufeff') + 1))).toMatchObject({ outcomeDesc: reason });
  });

  test('[SEC-5] quotes, backslashes and brackets in structured data are escaped', () => {
    expect(messageOf('x', 'a"b\\c]d')).toContain('chain="a\\"b\\\\c\\]d"');
  });

  test('[SEC-5] the length in front counts bytes, not characters', () => {
    expect(framed('äö')).toBe('4 äö');
  });
});
