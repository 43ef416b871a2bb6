export const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;
const BYTE_BITS = 8;

/** The slot of a hash tag: CRC16 (XMODEM) of it, modulo {@link SLOTS} (Redis Cluster specification, "Key distribution model"). */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << BYTE_BITS;
    for (let bit = 0; bit < BYTE_BITS; bit += 1)
      crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL) & 0xffff;
  }
  return crc % SLOTS;
}
