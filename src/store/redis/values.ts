/** Bytes as ioredis takes them, not copied. */
export function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A time to live as Redis takes it. */
export function millis(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}
