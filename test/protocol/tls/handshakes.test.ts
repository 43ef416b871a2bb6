import { generateKeyPairSync } from 'node:crypto';
import { getCiphers } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { TLS_POLICIES, type TlsPolicy } from '../../../src/algorithms/index.ts';
import { listenerOf } from '../../../src/http/index.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';
import {
  agreed,
  renegotiated,
  startLaxServer,
  type LaxServer,
  type TlsClient,
} from '../../support/tls-clients.ts';

const [EC, RSA] = [
  await makeCertificate(['localhost']),
  await makeCertificate(['localhost'], undefined, 'rsa'),
];
const CERTIFICATES = { ec: EC, rsa: RSA } as const;

interface Row extends TlsClient {
  readonly what: string;
  readonly certificate: keyof typeof CERTIFICATES;
}
const row = (
  what: string,
  version: TlsClient['version'],
  certificate: Row['certificate'] = 'ec',
  offered: Pick<TlsClient, 'ciphers' | 'curve'> = {},
): Row => ({ what, version, certificate, ...offered });
const only = (name: string): { ciphers: string } => ({ ciphers: `${name}:@SECLEVEL=0` });

/** What no policy takes. */
const REFUSED: readonly Row[] = [
  row('TLS 1.0', 'TLSv1'),
  row('TLS 1.1', 'TLSv1.1'),
  row('TLS 1.2 with CBC', 'TLSv1.2', 'ec', only('ECDHE-ECDSA-AES128-SHA256')),
  row('TLS 1.2 with CBC and SHA-1', 'TLSv1.2', 'rsa', only('ECDHE-RSA-AES256-SHA')),
  row('TLS 1.2 without forward secrecy', 'TLSv1.2', 'rsa', only('AES256-GCM-SHA384')),
  row('TLS 1.2 with 3DES', 'TLSv1.2', 'rsa', only('DES-CBC3-SHA')),
  row('TLS 1.2 with RC4', 'TLSv1.2', 'rsa', only('RC4-SHA')),
].filter(
  ({ ciphers }) =>
    ciphers === undefined || getCiphers().includes((ciphers.split(':')[0] ?? '').toLowerCase()),
);

const MODERN = ['modern', 'compatible', 'fips'] as const;
const OLDER = ['compatible', 'fips'] as const;
/** What some take, and which. */
const TAKEN: readonly (Row & { readonly by: readonly TlsPolicy[] })[] = [
  { ...row('TLS 1.3 with AES-GCM', 'TLSv1.3', 'ec', { ciphers: 'TLS_AES_128_GCM_SHA256' }), by: MODERN },
  { ...row('TLS 1.3 over P-256', 'TLSv1.3', 'rsa', { curve: 'P-256' }), by: MODERN },
  { ...row('TLS 1.3 over X25519', 'TLSv1.3', 'ec', { curve: 'X25519' }), by: ['modern', 'compatible'] },
  {
    ...row('TLS 1.3 with ChaCha20', 'TLSv1.3', 'ec', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }),
    by: ['modern', 'compatible'],
  },
  {
    ...row('TLS 1.2 with AES-GCM, ECDSA', 'TLSv1.2', 'ec', only('ECDHE-ECDSA-AES128-GCM-SHA256')),
    by: OLDER,
  },
  { ...row('TLS 1.2 with AES-GCM, RSA', 'TLSv1.2', 'rsa', only('ECDHE-RSA-AES256-GCM-SHA384')), by: OLDER },
  {
    ...row('TLS 1.2 over X25519', 'TLSv1.2', 'rsa', {
      ...only('ECDHE-RSA-AES256-GCM-SHA384'),
      curve: 'X25519',
    }),
    by: ['compatible'],
  },
  {
    ...row('TLS 1.2 with ChaCha20', 'TLSv1.2', 'ec', only('ECDHE-ECDSA-CHACHA20-POLY1305')),
    by: ['compatible'],
  },
];

describe('handshakes', () => {
  const ports = new Map<string, number>();
  const ended: (() => unknown)[] = [];
  const lax = new Map<string, LaxServer>();
  const answer = (_request: unknown, response: { end(text: string): void }): void => response.end('fine');
  beforeAll(async () => {
    for (const [name, { certificate, key }] of Object.entries(CERTIFICATES)) {
      for (const policy of TLS_POLICIES) {
        const listener = listenerOf(answer, { certificate, key: { reveal: () => key }, policy });
        ports.set(`${policy} ${name}`, await listener.listen({ host: '127.0.0.1', port: 0 }));
        ended.push(() => listener.close());
      }
      const server = await startLaxServer(CERTIFICATES[name as Row['certificate']]);
      lax.set(name, server);
      ended.push(() => server.close());
    }
  });
  afterAll(() => Promise.all(ended.map((end) => end())));
  const caOf = ({ certificate }: Row): string => CERTIFICATES[certificate].authority;
  const at = (policy: TlsPolicy, { certificate }: Row): number => ports.get(`${policy} ${certificate}`) ?? 0;
  const atLax = ({ certificate }: Row): number => lax.get(certificate)?.port ?? 0;

  test.each(REFUSED)(
    '[USC-17] [SEC-6] $what is refused by every policy, though a lax server takes it',
    async (client) => {
      for (const policy of TLS_POLICIES)
        expect([policy, await agreed(at(policy, client), client, caOf(client))]).toEqual([policy, 'refused']);
      expect(await agreed(atLax(client), client, caOf(client))).toMatch(/^TLS/);
    },
  );

  test.each(TAKEN)('[SEC-6] $what is taken by $by alone', async ({ by, ...client }) => {
    const answers = await Promise.all(
      TLS_POLICIES.map((policy) => agreed(at(policy, client), client, caOf(client))),
    );
    const taken = TLS_POLICIES.filter((_policy, index) => answers[index] !== 'refused');
    expect(taken).toEqual(by);
    expect(await agreed(atLax(client), client, caOf(client))).toMatch(/^TLS/);
  });

  test('[SEC-6] nobody negotiates anew in a connection, though a lax server lets them', async () => {
    expect(await renegotiated(ports.get('compatible ec') ?? 0, EC.authority)).toBe('refused');
    expect(await renegotiated(lax.get('ec')?.port ?? 0, EC.authority)).toBe('agreed');
  });

  test('[SEC-6] a certificate that is no good changes nothing, and a new one keeps the policy', async () => {
    const pair = ({ certificate, key }: TestCertificate) => ({
      certificate,
      key: { reveal: () => key },
      policy: 'modern' as const,
    });
    const listener = listenerOf(answer, pair(EC));
    const port = await listener.listen({ host: '127.0.0.1', port: 0 });
    ended.push(() => listener.close());
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const wrong = {
      certificate: RSA.certificate,
      key: String(stranger.export({ type: 'pkcs8', format: 'pem' })),
    };
    expect(() => listener.renew(pair({ ...RSA, ...wrong }))).toThrow(
      'the private key does not belong to the certificate',
    );
    expect(await agreed(port, { version: 'TLSv1.3' }, EC.authority)).toMatch(/^TLSv1\.3/);
    listener.renew(pair(RSA));
    expect(await agreed(port, { version: 'TLSv1.3' }, RSA.authority)).toMatch(/^TLSv1\.3/);
    expect(await agreed(port, { version: 'TLSv1.2' }, RSA.authority)).toBe('refused');
  });
});
