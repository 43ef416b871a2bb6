import fc from 'fast-check';

/** Where a property was found not to hold, and how to get there again. */
export interface Failure {
  readonly seed: number;
  readonly path: string;
  /** The shrunk counter-example and what was wrong with it. */
  readonly message: string;
}

export interface CheckOptions {
  readonly runs: number;
  readonly seed?: number;
  readonly path?: string;
  /** Is told each input and how long the property took over it, and may have the time taken `again`. */
  readonly watch?: (input: unknown, seconds: number, again: () => number) => void;
}

/** A promise about all inputs: jest tries a few hundred, `npm run fuzz` as many as it is asked to. */
export interface Property {
  readonly name: string;
  readonly requirements: string;
  readonly promise: string;
  /** Tries it on random inputs; `undefined` when it held for every one. */
  readonly check: (options: CheckOptions) => Failure | undefined;
}

/** `holds` throws where the promise is broken. */
export function property<Input>(
  about: Omit<Property, 'check'>,
  inputs: fc.Arbitrary<Input>,
  holds: (input: Input) => void,
): Property {
  const check = ({ runs, seed, path, watch }: CheckOptions): Failure | undefined => {
    const timed = fc.property(inputs, (input) => {
      const timeOnce = (): number => {
        const started = performance.now();
        holds(input);
        return (performance.now() - started) / 1000;
      };
      const seconds = timeOnce();
      watch?.(input, seconds, timeOnce);
    });
    const details = fc.check(timed, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
    });
    if (!details.failed) return undefined;
    const message = fc.defaultReportMessage(details) ?? 'no message';
    return { seed: details.seed, path: details.counterexamplePath ?? '', message };
  };
  return { ...about, check };
}
