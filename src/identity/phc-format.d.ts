declare module '@phc/format' {
  interface Phc {
    id: string;
    version?: number;
    params?: Record<string, string | number>;
    salt?: Uint8Array;
    hash?: Uint8Array;
  }
  const phc: {
    /** Turns the numbers of `params` into strings in place: pass a copy. */
    serialize(parts: Phc): string;
    deserialize(text: string): Phc;
  };
  export default phc;
}
