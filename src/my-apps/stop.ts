import type { Context } from 'koa';

import type { GrantSummary } from '../consent/index.ts';
import { askAgain } from './ask-again.ts';
import { recordDecision, scopesOf } from './decision-record.ts';
import { whatChanged } from './grants.ts';
import type { MyAppsParts } from './parts.ts';
import type { Person } from './person.ts';

/** Ends these; only when all have ended is it written down: no stop waits for a record. */
export async function stop(
  ctx: Context,
  person: Person,
  grants: readonly GrantSummary[],
  parts: MyAppsParts,
): Promise<void> {
  for (const grant of grants) {
    await askAgain(grant, parts.memory);
    await parts.end(grant.grantId);
    await parts.audit.record({
      ...{ type: 'token.revoked', outcome: 'success', what: 'grant' },
      ...whatChanged(ctx, person, grant, parts),
      scope: grant.scope,
    });
  }
  await Promise.all(
    grants.map((grant) =>
      grant.accountId === person.account.accountId
        ? recordDecision(ctx, 'stopped', person, grant, { kept: [], refused: scopesOf(grant) }, parts)
        : parts.keepStoppedByPatient(grant),
    ),
  );
}
