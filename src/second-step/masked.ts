/**
 * An address as its owner knows it and nobody else learns it: `amy@riverside.example` → `a•••@riverside.example`. As many
 * dots for each, so that they do not count.
 */
export function masked(address: string): string {
  const at = address.lastIndexOf('@');
  const [first = ''] = address;
  return at > 1 ? `${first}•••${address.slice(at)}` : `•••${address.slice(Math.max(at, 0))}`;
}
