import { isIPv6 } from 'node:net';

const GROUPS = 8;
const GROUPS_OF_A_NETWORK = 4;

/**
 * What counts as one address: an IPv4 address, or the /64 an IPv6 address lies in. Whoever has one IPv6 address has 2^64 of
 * them, and would never meet a limit.
 */
export function networkOf(address: string): string {
  const known = recent.get(address);
  if (known !== undefined) return known;
  if (recent.size >= MOST_RECENT) recent.clear();
  const network = findNetwork(address);
  recent.set(address, network);
  return network;
}

/** Whoever asks once asks again: FHIR servers ask with every request of theirs. */
const recent = new Map<string, string>();
const MOST_RECENT = 1000;

function findNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return address;
  const [left = [], right = []] = plain.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = plain.includes('::')
    ? Array<string>(Math.max(0, GROUPS - left.length - right.length)).fill('0')
    : [];
  const groups = [...left, ...zeros, ...right].slice(0, GROUPS_OF_A_NETWORK);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
