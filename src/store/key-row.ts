/** One kind of key, for people: `npm run store-table` writes docs/store.md from these. */
export interface KeyRow {
  /** `<hash>` is a keyed hash of what would say too much. */
  readonly key: string;
  readonly holds: string;
  /** A number: seconds, always the same; a test compares it with what a real store says. */
  readonly keptFor: string | number;
  /** In Redis, at most, for a grant of eight scopes; of an index each entry takes about 130. */
  readonly bytes?: number;
  /** AES-256-GCM under the name of the key; markers and indexes hold nothing to seal. */
  readonly sealed: boolean;
}
