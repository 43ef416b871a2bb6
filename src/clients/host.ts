import { domainToASCII } from 'node:url';

/**
 * Where an app lives, as people read it: a name can claim anything, so this stands beside it, in ASCII (A019). Of an app on a
 * phone or computer it is the scheme that opens it.
 */
export function hostInWords(redirectUri: string): string {
  const { hostname, protocol, port } = new URL(redirectUri);
  if (!protocol.startsWith('http')) return protocol;
  return domainToASCII(hostname) + (port ? `:${port}` : '');
}
