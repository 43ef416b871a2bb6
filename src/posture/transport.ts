import { isLoopback } from '../clients/index.ts';
import { fail, pass, warn, type Rule } from './check.ts';

/** What travels, and to whom (SEC-6, SEC-7). */
export const TRANSPORT: readonly Rule[] = [
  {
    id: 'transport.issuer',
    controls: ['SC-8', 'SC-8(1)', 'SC-23'],
    look: ({ config: { issuer } }) =>
      issuer.startsWith('https://')
        ? pass(issuer)
        : fail(`${issuer} is not protected`, 'set issuer to an https address'),
  },
  {
    id: 'transport.listener',
    controls: ['SC-8', 'SC-8(1)', 'SC-13'],
    look({ config: { listen, trustProxy } }) {
      const { tls, host } = listen;
      if (tls) return pass(`TLS by policy ${tls.policy}`);
      if (trustProxy || isLoopback(host)) return pass('TLS is left to a proxy in front');
      return fail(`plain HTTP on ${host}`, 'set listen.tls, or listen where only the proxy reaches us');
    },
  },
  {
    id: 'transport.proxy',
    controls: ['SC-7', 'AU-3'],
    look({ config: { trustProxy, trustedProxies } }) {
      if (!trustProxy) return pass('nobody’s X-Forwarded-* is believed');
      if (trustedProxies.length > 0)
        return pass(`X-Forwarded-* of ${trustedProxies.length} proxies is believed`);
      return fail('X-Forwarded-* is believed of whoever can connect', 'name them in trustedProxies');
    },
  },
  {
    id: 'transport.management',
    controls: ['SC-7', 'AC-3'],
    look: ({ config: { management } }) =>
      isLoopback(management.host)
        ? pass('health and metrics are for this machine only')
        : warn(`health and metrics on ${management.host}`, 'let nothing outside reach management.host'),
  },
  {
    id: 'transport.fips',
    controls: ['SC-13', 'IA-7'],
    look({ config: { fips }, facts: { runtime } }) {
      if (runtime.isFips) return pass(`FIPS mode, OpenSSL ${runtime.openssl}`);
      if (fips === 'off') return pass('FIPS mode is not asked for');
      return fail(
        `fips is ${fips}, and OpenSSL ${runtime.openssl} is not in FIPS mode`,
        'configure a FIPS 140-3 provider',
      );
    },
  },
  {
    id: 'transport.mail',
    controls: ['SC-8'],
    look({ config: { mail } }) {
      if (!mail) return pass('no mail is sent');
      if (mail.security !== 'none') return pass(`mail leaves by ${mail.security}`);
      return warn('mail leaves unprotected, to this machine', 'let that mail server use TLS from there on');
    },
  },
  {
    id: 'transport.frames',
    controls: ['SC-18', 'AC-4'],
    look: ({ config: { frames } }) =>
      frames.ancestors.length === 0
        ? pass('no page of ours can be framed')
        : warn(
            `may be framed by ${frames.ancestors.join(', ')}`,
            'keep frames.ancestors to the EHRs that need it',
          ),
  },
];
