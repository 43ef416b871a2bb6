import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { checkPassword, createBreachLookup, passwordRulesOf } from '../../../src/identity/index.ts';

const dora = { username: 'dora', name: 'Dr Dora Singh', email: 'd.singh@clinic.example' };

async function codeOf(password: string, rule: 'off' | 'optional' | 'required' = 'optional'): Promise<string> {
  const checked = await checkPassword(password, passwordRulesOf(dora, rule));
  return checked.ok ? 'fine' : checked.problem.code;
}

describe('checkPassword', () => {
  test.each([
    // row    password                              rule        said
    ['A079', 'purple otter 7', 'optional', 'too-short'],
    ['A079', 'purple otter 77', 'optional', 'fine'],
    ['A079', 'purple otter 7', 'off', 'too-short'],
    ['A079', 'otk7r!q2', 'required', 'fine'],
    ['A079', 'otter7!', 'required', 'too-short'],
    ['A079', 'pötter 🔑 lamp räv', 'optional', 'fine'],
    ['A079', '🔑'.repeat(14), 'optional', 'too-short'],
    ['A079', `correct horse battery ${'x'.repeat(106)}`, 'optional', 'fine'],
    ['A079', `correct horse battery ${'x'.repeat(107)}`, 'optional', 'too-long'],
    ['A080', 'otter7!q', 'optional', 'too-short'],
    ['A080', 'passwordpassword', 'optional', 'too-easy'],
    ['A080', '0123456789012345', 'optional', 'too-easy'],
    ['A080', 'qwertyuiopasdfgh', 'optional', 'too-easy'],
    ['A080', 'contraseñacontraseña', 'optional', 'too-easy'],
    ['A080', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'optional', 'too-easy'],
    ['A080', 'Password1', 'required', 'too-easy'],
    ['A080', 'Dora Singh Dora Singh', 'optional', 'too-easy'],
    ['A080', 'drdorasingh12345', 'optional', 'too-easy'],
    ['A080', 'D0r@S1ngh2026D0r@', 'optional', 'too-easy'],
    ['A080', 'd.singh@clinic.example', 'optional', 'too-easy'],
  ] as const)('[%s] %j, second factor %s: %s', async (_row, password, rule, said) => {
    expect(await codeOf(password, rule)).toBe(said);
  });

  test('[A079] 128 characters are judged in a time that holds nobody up', async () => {
    await codeOf('warm up the word lists');
    const worst = Array.from({ length: 128 }, (_, at) => String.fromCharCode(33 + ((at * 37) % 90))).join('');
    const since = performance.now();
    await codeOf(worst);
    await codeOf('4@'.repeat(64));
    expect(performance.now() - since).toBeLessThan(3000);
  });
});

describe('a list of breached passwords', () => {
  const STOLEN = 'violet staple marmot 9';
  const hash = createHash('sha1').update(STOLEN).digest('hex').toUpperCase();
  const asked: string[] = [];
  let server: Server;
  let url = '';
  let answer = { status: 200, body: '' };
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push([request.url, request.headers['add-padding']].join(' '));
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function check(password: string): Promise<{ said: string; failures: unknown[] }> {
    const failures: unknown[] = [];
    const lookup = createBreachLookup({ url, onFailure: (error) => failures.push(error) });
    const checked = await checkPassword(password, passwordRulesOf(dora, 'optional', lookup));
    return { said: checked.ok ? 'fine' : checked.problem.code, failures };
  }

  test('[A080] a stolen password is refused, and the list hears five digits of its hash', async () => {
    answer = { status: 200, body: `0123456789ABCDEF0123456789ABCDEF012:0\r\n${hash.slice(5)}:17\r\n` };
    expect(await check(STOLEN)).toEqual({ said: 'breached', failures: [] });
    expect(asked.at(-1)).toBe(`/range/${hash.slice(0, 5)} true`);
  });

  test('[A080] padding is no theft, nor are other hashes that begin alike', async () => {
    answer = { status: 200, body: `${hash.slice(5)}:0\r\n${'F'.repeat(35)}:9\r\n` };
    expect(await check(STOLEN)).toEqual({ said: 'fine', failures: [] });
  });

  test('[A080] a list that does not answer keeps nobody out, and is told of', async () => {
    answer = { status: 503, body: '' };
    const { said, failures } = await check(STOLEN);
    expect([said, String(failures[0])]).toEqual([
      'fine',
      'Error: the list of breached passwords answered 503',
    ]);
  });

  test('[A080] what is refused anyway is not asked about', async () => {
    const before = asked.length;
    expect((await check('passwordpassword')).said).toBe('too-easy');
    expect(asked).toHaveLength(before);
  });
});
