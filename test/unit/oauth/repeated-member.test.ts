import { describe, expect, test } from '@jest/globals';

import { repeatedMember } from '../../../src/oauth/index.ts';

describe('a member that stands twice in one object', () => {
  test.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"x":[{"y":{"b":1,"c":[1,2],"b":2}}]}', 'b'],
    ['[{"a":1},{"a":1, "b":[ ], "b" : 1}]', 'b'],
    ['{"a":{"b":1},"c":"}","a":2}', 'a'],
    ['{"a\\"b":1,"c":2,"a\\"b":3}', 'a"b'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"":1,"":2}', ''],
  ])('[SEM-19] %s', (text, name) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(repeatedMember(text)).toBe(name);
  });

  test.each([
    '{"a":{"a":{"a":1}},"b":["a","a",{"a":1},{"a":2}]}',
    '{"a":"a","b":"a","c":["c","c"]}',
    '{"a":"\\\\","b":"\\",\\"a\\":1"}',
    '["a","a"]',
    '"a"',
    '{"a":1,"A":2}',
    '{}',
  ])('[SEM-19] none in %s', (text) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(repeatedMember(text)).toBeUndefined();
  });

  test('a long and deep text takes no longer than it is long', () => {
    const deep = '[{"a":'.repeat(20_000) + '1' + '}]'.repeat(20_000);
    const long = `{${Array.from({ length: 200_000 }, (_, index) => `"n${index}":"${'\\\\'.repeat(8)}"`).join()}}`;
    const before = performance.now();
    expect([repeatedMember(deep), repeatedMember(long)]).toEqual([undefined, undefined]);
    expect(performance.now() - before).toBeLessThan(3000);
  });
});
