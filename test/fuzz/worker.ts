// One process of `npm run fuzz`: takes every nth piece of the work and tells its parent how it goes. What is tried depends
// on the seed alone, not on how many processes there are.
import type { Property } from './property.ts';
import { GRANTED_IS_WITHIN } from './grant-properties.ts';
import { PROPERTIES } from './properties.ts';

/** What the parent says, as JSON, in the only argument. */
interface Orders {
  readonly runs: number;
  readonly seed: number;
  readonly only?: string;
  readonly path?: string;
  readonly worker: number;
  readonly workers: number;
}

interface Piece {
  readonly property: Property;
  readonly runs: number;
  readonly seed: number;
}

/** Often enough to see that it goes on. */
const RUNS_IN_PIECE = 2000;
/** Every other property is tried on one input for this many of the one that matters most. */
const SHARE = 10;

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
const slowest: { name: string; seconds: number; input: unknown } = { name: '', seconds: 0, input: '' };

const chosen = PROPERTIES.filter(({ name }) => orders.only === undefined || name === orders.only);
const pieces = chosen.flatMap(piecesOf).filter((_, at) => at % orders.workers === orders.worker);
if (chosen.length === 0) {
  tell({ type: 'no-such-property', names: PROPERTIES.map(({ name }) => name) });
} else {
  tell({ type: 'plan', runs: pieces.reduce((sum, { runs }) => sum + runs, 0) });
  if (pieces.every(tryPiece)) tell({ type: 'slowest', ...slowest });
}
process.disconnect();

function tell(message: Readonly<Record<string, unknown>>): void {
  process.send?.(message);
}

function piecesOf(property: Property): Piece[] {
  if (orders.path !== undefined) return [{ property, runs: 1, seed: orders.seed }];
  const isWhole = orders.only !== undefined || property === GRANTED_IS_WITHIN;
  const runs = isWhole ? orders.runs : Math.ceil(orders.runs / SHARE);
  return Array.from({ length: Math.ceil(runs / RUNS_IN_PIECE) }, (_, at) => ({
    property,
    runs: Math.min(RUNS_IN_PIECE, runs - at * RUNS_IN_PIECE),
    seed: (orders.seed + at) | 0,
  }));
}

function tryPiece({ property, runs, seed }: Piece): boolean {
  const path = orders.path === undefined ? {} : { path: orders.path };
  const failure = property.check({
    runs,
    seed,
    ...path,
    watch: (input, taken, again) => {
      if (taken <= slowest.seconds) return;
      // A pause of the garbage collector is not the input's doing: what is slow is slow a second time.
      const seconds = Math.min(taken, again());
      if (seconds > slowest.seconds) Object.assign(slowest, { name: property.name, seconds, input });
    },
  });
  if (failure) tell({ type: 'failure', name: property.name, ...failure });
  else tell({ type: 'done', runs });
  return failure === undefined;
}
