/** Decisions that can be repeated: the same seed and path make the same ones. */
export interface Random {
  /** At least `from`, less than `to`. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
}

/** Each path (schedule, client, …) has decisions of its own, however fast others come to theirs. */
export function createRandom(...path: readonly number[]): Random {
  let state = path.reduce((mixed, part) => scramble(mixed ^ scramble(part + 0x9e3779b9)), 0x2545f491);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from));
  return {
    int,
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[int(0, items.length)];
      if (item === undefined) throw new TypeError('nothing to pick from');
      return item;
    },
  };
}

function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
