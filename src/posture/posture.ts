import { z } from 'zod';

import { ACCESS } from './access.ts';
import type { Check, Facts, Grade, Looked, Rule } from './check.ts';
import { EVIDENCE } from './evidence.ts';
import { PEOPLE } from './people.ts';
import { TRANSPORT } from './transport.ts';

export type { Check, Facts } from './check.ts';

const grade = z.enum(['pass', 'warn', 'fail']);

/** The form of it, for programs that read it. */
export const postureSchema = z.strictObject({
  version: z.literal(1),
  /** When it was looked at, UTC. */
  at: z.string(),
  issuer: z.string(),
  /** The worst of all. */
  status: grade,
  checks: z.array(
    z.strictObject({
      id: z.string(),
      grade,
      finding: z.string(),
      advice: z.string().optional(),
      controls: z.array(z.string()),
    }),
  ),
  runtime: z.strictObject({ node: z.string(), openssl: z.string(), isFips: z.boolean() }),
  timeSource: z.string(),
});
export type Posture = z.output<typeof postureSchema>;

const RULES: readonly Rule[] = [...TRANSPORT, ...PEOPLE, ...ACCESS, ...EVIDENCE];

/** What weakens this installation, as it is set and was found. */
export function judge(looked: Looked): Posture {
  const { config, facts } = looked;
  const checks = RULES.map(({ id, controls, look }): Check => ({ id, ...look(looked), controls }));
  const { at, runtime, clock }: Facts = facts;
  return {
    ...{ version: 1, at, issuer: config.issuer, status: worst(checks) },
    checks: checks.map((check) => ({ ...check, controls: [...check.controls] })),
    ...{ runtime: { ...runtime }, timeSource: clock.source },
  };
}

function worst(checks: readonly Check[]): Grade {
  const has = (wanted: Grade): boolean => checks.some((check) => check.grade === wanted);
  return has('fail') ? 'fail' : has('warn') ? 'warn' : 'pass';
}
