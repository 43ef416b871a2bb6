/** How far files have been sent: bytes, by the name of the file. */
export type Place = Readonly<Record<string, number>>;

/** Something that is to be sent, and the place that is reached with it. */
export interface Waiting<Item> {
  /** Absent: there is nothing in between for this receiver. */
  readonly record?: Item;
  readonly reaches: Place;
}

export type Refusal = { readonly kind: 'refused'; readonly status: number; readonly reason: string };

export type Outcome<Item = never> =
  /** @property refused what of it was refused for good, while the rest is there */
  | {
      readonly kind: 'sent';
      readonly refused?: readonly (Omit<Refusal, 'kind'> & { readonly record: Item })[];
    }
  /** For good: the same record would be refused again. */
  | Refusal
  /** It may do later. @property waitMs how long it wants to be left alone, where it says so */
  | { readonly kind: 'away'; readonly reason: string; readonly waitMs?: number };

/** One receiver, as things are sent to it. */
export interface Outlet<Item> {
  /** Sent twice is as good as once; what is there and newer stays. Never throws. */
  send(record: Item, signal: AbortSignal): Promise<Outcome<Item>>;
}

/** What a receiver has refused. */
export interface SetAside<Item> {
  readonly record: Item;
  readonly status: number;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Since when a receiver cannot be reached, and why. */
export interface Trouble {
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly reason: string;
}

/** What one receiver has been sent and not, outlasting every process; `archive/` implements it. */
export interface Track<Item> {
  /** Every name under which something may wait; looks at all there are. */
  everybody(): AsyncIterable<string>;
  /** What waits under a name, in its order; where that is much, the first of it. */
  waitingOf(name: string): Promise<readonly Waiting<Item>[]>;
  reach(name: string, place: Place): Promise<void>;
  setAside(refused: SetAside<Item>): Promise<void>;
  aside(): Promise<readonly SetAside<Item>[]>;
  /** Asks for everything that was set aside to be tried once more; says how many these are. */
  askAgain(): Promise<number>;
  /** What was asked for and not tried yet. */
  askedAgain(): Promise<readonly SetAside<Item>[]>;
  /** It has been sent after all. */
  settle(refused: SetAside<Item>): Promise<void>;
  /** @param trouble `undefined`: it is over */
  note(trouble: Trouble | undefined): Promise<void>;
  trouble(): Promise<Trouble | undefined>;
}

/** Names under which something was kept, put down by any process of this machine; `archive/` implements it. */
export interface Marks {
  take(): Promise<readonly string[]>;
}

/** What is sent, in the words of logs and numbers. */
export interface Kind<Item> {
  /** When it came to be, milliseconds since 1970. */
  at(item: Item): number;
  /** How many things it is. */
  size(item: Item): number;
  /** What a log may say of it. */
  details(item: Item): object;
  readonly words: Readonly<Record<'refused' | 'away' | 'back' | 'unseen', string>>;
}

export interface PushLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
