import { isIP } from 'node:net';
import { z } from 'zod';

import { contains, parseRange, ranges } from './address-range.ts';
import { isLoopback } from './registration.ts';

/** What is not the public internet (IANA special-purpose registry), and a cloud's metadata that looks as if it were. */
const NOT_PUBLIC = ranges(
  ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16'],
  // Protocol assignments and Teredo, documentation, 6to4: some of them carry an IPv4 address inside.
  ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
);
/** All of IPv6 that is given out; what lies outside is local, mapped, translated (64:ff9b::) or not in use. */
const GLOBAL_V6 = ranges(['2000::/3']);
const LOOPBACK = ranges(['127.0.0.0/8', '::1']);

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** What an operator may allow: a host name, an address, or a range of addresses. */
export const privateHost = z
  .string()
  .refine(
    (text) => parseRange(text) !== undefined || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text)),
    'must be a host name, an address, or a range such as 10.20.0.0/16',
  );

/** An address, or a range of them. */
export const addressRange = z
  .string()
  .refine((text) => parseRange(text) !== undefined, 'must be an address, or a range such as 10.20.0.0/16');

/** Decides which of the addresses that clients gave may be asked: for their key sets, and to tell them of a sign-out. */
export interface ClientHosts {
  /** Is this an address we would ask at all? https; on a developer's machine also http to itself (CRG-07). */
  mayAsk(url: URL): boolean;
  /**
   * May a connection for this URL go to this IP address? To be asked of the very address that is connected to: a name
   * may mean something else each time it is looked up (attack row A155).
   */
  mayConnect(url: URL, address: string): boolean;
}

/**
 * @param issuer ours; while it is on localhost, clients may be there as well
 * @param allowPrivate the operator's exceptions, as {@link privateHost} has them
 */
export function createClientHosts(issuer: string, allowPrivate: readonly string[]): ClientHosts {
  const development = isLoopback(new URL(issuer).hostname);
  const allowedRanges = ranges(allowPrivate.filter((text) => parseRange(text) !== undefined));
  const allowedNames = new Set(allowPrivate.map((text) => text.toLowerCase()));
  return {
    mayAsk: ({ protocol, hostname }) =>
      protocol === 'https:' || (protocol === 'http:' && development && isLoopback(hostname)),
    mayConnect: ({ protocol, hostname }, address) => {
      if (protocol !== 'https:') return development && contains(LOOPBACK, address);
      return (
        isPublic(address) ||
        allowedNames.has(hostname.replace(/\.$/, '')) ||
        contains(allowedRanges, address) ||
        (development && contains(LOOPBACK, address))
      );
    },
  };
}

function isPublic(address: string): boolean {
  return (isIP(address) === 4 || contains(GLOBAL_V6, address)) && !contains(NOT_PUBLIC, address);
}
