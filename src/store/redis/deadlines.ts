import { performance } from 'node:perf_hooks';

/** So far our clock may be from that of Redis: less than anything we issue or accept depends on. */
const MAX_SKEW_MS = 10_000;
/** The machine's clock, also where somebody puts another one in the place of `Date`. */
const wallClock = Date.now.bind(Date);

/** When a command may run at the latest, in the words of the Redis that runs it. */
export interface Deadlines {
  /** Asks Redis for its time anew: after each connection, which may lead to another machine. */
  measure(): void;
  /** So many milliseconds from now, in milliseconds of Redis' clock. Rejects when Redis does not tell its time. */
  in(ms: number): Promise<number>;
  /**
   * Rejects while the clock of this machine is another than that of Redis (fault F17): good codes and tokens would look
   * expired, and what we issue would begin in the future. Asks Redis only when it seems so.
   */
  mustAgree(): Promise<void>;
}

/**
 * Knows by how much the clock of Redis is ahead of ours. Ours is the monotonic one: a step of the machine's clock moves no
 * deadline. The answer's way is taken to be as long as the question's; the error is half of a round trip at most.
 *
 * @param askTime `TIME`: seconds and microseconds
 * @param isVouchedFor somebody else says that our clock is right: then it is Redis that is wrong
 */
export function createDeadlines(
  askTime: () => Promise<readonly unknown[]>,
  isVouchedFor: () => boolean = () => false,
): Deadlines {
  let ahead: Promise<number> | undefined;
  let lastAhead: number | undefined;
  const ask = async (): Promise<number> => {
    const sent = performance.now();
    const [seconds, micros] = await askTime();
    const middle = (sent + performance.now()) / 2;
    lastAhead = Number(seconds) * 1000 + Number(micros) / 1000 - middle;
    return lastAhead;
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
  const skew = (): number =>
    lastAhead === undefined ? 0 : Math.round(wallClock() - performance.now() - lastAhead);
  const mustAgree = async (): Promise<void> => {
    if (Math.abs(skew()) <= MAX_SKEW_MS || isVouchedFor()) return;
    // While a machine sleeps its monotonic clock may stand still.
    await measure();
    if (Math.abs(skew()) <= MAX_SKEW_MS) return;
    const seconds = Math.round(skew() / 1000);
    const where = seconds > 0 ? 'ahead of' : 'behind';
    throw new Error(
      `the clock of this machine is ${Math.abs(seconds)} s ${where} that of Redis; set it right`,
    );
  };
  return {
    measure: () => void measure(),
    mustAgree,
    async in(ms) {
      await mustAgree();
      return Math.round(performance.now() + ms + (await (ahead ?? measure())));
    },
  };
}
