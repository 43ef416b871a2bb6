import { BlockList, isIP } from 'node:net';

/** Node compares an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) with the IPv4 ranges. */
export function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

export function parseRange(text: string): Range | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return undefined;
  return { address, prefix: Number(prefix ?? bits), family: version === 4 ? 'ipv4' : 'ipv6' };
}

export function ranges(...texts: (readonly string[])[]): BlockList {
  const list = new BlockList();
  for (const text of texts.flat()) {
    const range = parseRange(text);
    if (!range) throw new TypeError(`${text} is no range of addresses`);
    list.addSubnet(range.address, range.prefix, range.family);
  }
  return list;
}
