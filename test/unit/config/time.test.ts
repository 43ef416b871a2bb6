import { describe, expect, test } from '@jest/globals';

import { ConfigProblems, loadConfig } from '../../../src/config/index.ts';

const BASE = `issuer: https://auth.example.org
secrets:
  store: kX0vYpQ7mB3nZ8sT1wR6uL5hG2fD9cA4
  cookies: [pL9oK8iJ7uH6yG5tF4rD3eS2wA1qZ0xC]
fhirServers:
  - id: main
    url: https://ehr.example.org/fhir/r4
`;
const load = (more: string) => loadConfig({ file: 'g.yaml', env: {}, readFile: () => BASE + more }).time;
const problemsOf = (more: string): readonly string[] => {
  try {
    load(more);
    return [];
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
};

describe('the section time', () => {
  test('[SEC-2] has a default for each setting', () => {
    expect(load('')).toEqual({
      ...{ servers: [], maxSkewMs: 1000, warnMs: 250, checkEveryS: 10, holdoverS: 900, redisMaxSkewMs: 1000 },
    });
  });

  test('[SEC-2] names servers by host, and by port where it is another', () => {
    const { servers } = load(
      "time: { servers: [ntp.example.org, 'localhost:12345', '[::1]:124', 10.0.0.1] }\n",
    );
    expect(servers).toEqual([
      { host: 'ntp.example.org', port: 123 },
      { host: 'localhost', port: 12_345 },
      { host: '::1', port: 124 },
      { host: '10.0.0.1', port: 123 },
    ]);
  });

  test.each([
    ['servers: [ntp.example.org, "https://ntp.example.org"]', 'g.yaml:9:30 time.servers.1: must be a host'],
    ['servers: ["ntp.example.org:0"]', 'g.yaml:9:13 time.servers.0: must be a host'],
    ['maxSkewMs: 3600000', 'g.yaml:9:14 time.maxSkewMs: Too big'],
    ['warnMs: 2000', 'g.yaml:9:11 time.warnMs: must not be above maxSkewMs'],
    ['authority: ntp', 'g.yaml:9:3 time.authority: there is no such setting'],
  ])('[SEC-2] %s is refused, with its place', (line, problem) => {
    expect(problemsOf(`time:\n  ${line}\n`)).toEqual([expect.stringContaining(problem)]);
  });
});
