import type { Clock, EpochSeconds } from '../oauth/index.ts';
import type { FhirInteraction } from './interaction.ts';
import type { TokenInfo } from './token.ts';

/** One line of a report: what was done with a grant since the last one. */
export interface UsageLine {
  readonly grant_ref: string;
  /** `*` where the interaction is over every type. */
  readonly resource_type: string;
  readonly interaction: string;
  readonly count: number;
  readonly last: EpochSeconds;
}

export interface UsageOptions {
  /** Seconds between two reports, default 60. */
  readonly everySeconds?: number;
  /** How many different lines wait at most, default 5000; what does not fit is lost and counted. */
  readonly most?: number;
}

export interface UsageParts extends UsageOptions {
  /** Sends one report. `refused`: it never will be taken. Rejects where it may be another time. */
  readonly post: (lines: readonly UsageLine[]) => Promise<'taken' | 'refused'>;
  readonly clock: Clock;
  readonly onProblem: (detail: string) => void;
}

/** Gathers what was done, and reports it beside the requests. */
export interface UsageReporter {
  /** Notes one use; costs nobody's time. Without a name for its grant nobody could tell whose it was. */
  note(token: Pick<TokenInfo, 'grantRef'>, interaction: FhirInteraction): void;
  /** Uses that never will be reported. */
  lost(): number;
  /** Reports what is left, once. */
  close(): Promise<void>;
}

/** As many as one report may have. */
const MOST_LINES = 500;

export function createUsageReporter(parts: UsageParts): UsageReporter {
  const { post, clock, onProblem, everySeconds = 60, most = 5000 } = parts;
  let waiting = new Map<string, UsageLine>();
  let lost = 0;
  let underway: Promise<void> = Promise.resolve();
  const add = (line: UsageLine): void => {
    const name = `${line.grant_ref} ${line.resource_type} ${line.interaction}`;
    const known = waiting.get(name);
    if (!known && waiting.size >= most) {
      lost += line.count;
      return;
    }
    const count = line.count + (known?.count ?? 0);
    waiting.set(name, { ...line, count, last: Math.max(line.last, known?.last ?? 0) });
  };
  const report = async (): Promise<void> => {
    const all = [...waiting.values()];
    waiting = new Map();
    for (let from = 0; from < all.length; from += MOST_LINES) {
      const lines = all.slice(from, from + MOST_LINES);
      try {
        if ((await post(lines)) === 'taken') continue;
        onProblem('a report of usage was refused, and is lost');
        for (const { count } of lines) lost += count;
      } catch (error) {
        onProblem(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
        // They wait for the next report; one that was taken though its answer was lost is counted twice.
        for (const line of all.slice(from)) add(line);
        return;
      }
    }
  };
  const timer = setInterval(() => {
    underway = underway.then(report);
  }, everySeconds * 1000).unref();
  return {
    note({ grantRef }, interaction) {
      if (grantRef === undefined) return;
      const resourceType = 'resourceType' in interaction ? interaction.resourceType : undefined;
      add({
        grant_ref: grantRef,
        resource_type: resourceType ?? '*',
        interaction: interaction.kind,
        count: 1,
        last: clock(),
      });
    },
    lost: () => lost,
    async close() {
      clearInterval(timer);
      await underway;
      await report();
      for (const { count } of waiting.values()) lost += count;
      waiting.clear();
    },
  };
}
