import type { Config } from '../config/index.ts';
import { fail, pass, warn, type Rule } from './check.ts';

const most = (
  name: keyof Config['tokens'] & `${string}Seconds`,
  limit: number,
  controls: readonly string[],
): Rule => ({
  id: `access.${name}`,
  controls,
  look({ config: { tokens } }) {
    const seconds = tokens[name];
    return seconds <= limit
      ? pass(`${seconds} s`)
      : fail(`${seconds} s`, `set tokens.${name} to ${limit} or less`);
  },
});

const limited = (name: keyof Config['limits']): Rule => ({
  id: `access.limits.${name}`,
  controls: ['SC-5', 'AC-7'],
  look: ({ config: { limits } }) =>
    limits[name] > 0 ? pass(`${limits[name]} a minute`) : fail('no limit', `set limits.${name}`),
});

/** What apps get, and how they show who they are (SEC-8). */
export const ACCESS: readonly Rule[] = [
  most('accessTokenSeconds', 3600, ['AC-12', 'IA-5(13)']),
  most('backendTokenSeconds', 300, ['AC-12', 'IA-5(13)']),
  most('codeSeconds', 60, ['IA-5(13)']),
  most('refreshGraceSeconds', 60, ['IA-5(13)']),
  limited('tokensPerClient'),
  limited('launchesPerEhr'),
  limited('authorizationsPerAddress'),
  limited('failuresPerAddress'),
  {
    id: 'access.client-authentication',
    controls: ['IA-9', 'IA-5(2)'],
    look({ facts: { clients } }) {
      const shared = clients.filter(({ authentication }) => authentication.startsWith('client_secret'));
      if (shared.length === 0) return pass('no client shares a secret with us');
      const names = shared.map(({ id }) => id).join(', ');
      return warn(`a secret is shared with ${names}`, 'register a key instead (private_key_jwt)');
    },
  },
  {
    id: 'access.unasked',
    controls: ['PT-4', 'AC-3(14)'],
    look({ facts: { clients } }) {
      const unasked = clients.filter(({ consent }) => consent === 'skip');
      if (unasked.length === 0) return pass('nobody gets access unasked');
      const names = unasked.map(({ id }) => id).join(', ');
      return warn(`${names} get access unasked`, 'keep consent: skip for the organisation’s own apps');
    },
  },
  {
    id: 'access.private-keys-urls',
    controls: ['SC-7', 'AC-4'],
    look: ({ config: { clientKeys } }) =>
      clientKeys.allowPrivate.length === 0
        ? pass('keys of clients are fetched from public addresses only')
        : fail(
            `keys of clients may lie inside: ${clientKeys.allowPrivate.join(', ')}`,
            'give those clients a jwks in their registration, and empty clientKeys.allowPrivate',
          ),
  },
];
