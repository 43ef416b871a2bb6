import { performance } from 'node:perf_hooks';

/** When a command may run at the latest, in the words of the Redis that runs it. */
export interface Deadlines {
  /** Asks Redis for its time anew: after each connection, which may lead to another machine. */
  measure(): void;
  /** So many milliseconds from now, in milliseconds of Redis' clock. Rejects when Redis does not tell its time. */
  in(ms: number): Promise<number>;
}

/**
 * Knows by how much the clock of Redis is ahead of ours. Ours is the monotonic one: a step of the machine's clock moves no
 * deadline. The answer's way is taken to be as long as the question's; the error is half of a round trip at most.
 *
 * @param askTime `TIME`: seconds and microseconds
 */
export function createDeadlines(askTime: () => Promise<readonly unknown[]>): Deadlines {
  let ahead: Promise<number> | undefined;
  const ask = async (): Promise<number> => {
    const sent = performance.now();
    const [seconds, micros] = await askTime();
    const middle = (sent + performance.now()) / 2;
    return Number(seconds) * 1000 + Number(micros) / 1000 - middle;
  };
  const measure = (): Promise<number> => {
    const asked = ask();
    ahead = asked;
    // Whoever needs it next asks again.
    asked.catch(() => {
      if (ahead === asked) ahead = undefined;
    });
    return asked;
  };
  return {
    measure: () => void measure(),
    in: async (ms) => Math.round(performance.now() + ms + (await (ahead ?? measure()))),
  };
}
