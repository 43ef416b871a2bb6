import type { IncomingMessage, ServerResponse } from 'node:http';

import type { ResourceServer } from '../resource-server/index.ts';
import { outcomeOf, type AccessLog } from './access-log.ts';
import { admission, type Admission, type AdmissionParts } from './admission.ts';
import { refusal, type Answer } from './answers.ts';
import { performBatch, type BatchParts } from './batch.ts';
import { askedOf } from './call.ts';
import { canStream, perform } from './perform.ts';
import type { Upstream } from './upstream.ts';

export interface GuardedParts {
  readonly server: ResourceServer;
  readonly upstream: Upstream;
  readonly log: AccessLog;
  readonly admission: AdmissionParts;
}

interface Carrying {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly done: BatchParts['done'];
}

/**
 * What takes a token: who asks, whether they may, and then what they asked for. What became of it is noted when that is known, for
 * the audit log, and for usage where it succeeded.
 */
export function createGuarded({ server, upstream, log, admission: parts }: GuardedParts) {
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    target: { readonly pathBelowBase: string; readonly search: string },
  ): Promise<Answer | 'sent'> => {
    const caller = await server.authenticate(request.headers);
    if (!caller.ok) return { status: caller.status, headers: { ...caller.headers }, body: caller.body };
    const { token } = caller;
    const admitted = await admission(request, { ...target, token }, parts);
    if ('status' in admitted) return admitted;
    const { decision, interaction } = admitted;
    const done: Carrying['done'] = (what, answer) => {
      const outcome = outcomeOf(answer);
      log.note(token, what, outcome);
      if (outcome.outcome === 'success') server.used(token, what);
    };
    try {
      const answer = await carriedOut(admitted, { request, response, done });
      // Of a batch that was answered, each entry was told by itself.
      if (answer !== 'sent' && (decision !== 'by entry' || answer.status >= 400)) done(interaction, answer);
      return answer;
    } catch (error) {
      log.note(token, interaction, { outcome: 'failure', reason: 'nobody knows what became of it' });
      throw error;
    }
  };

  async function carriedOut(
    { call, decision, interaction }: Admission,
    { request, response, done }: Carrying,
  ): Promise<Answer | 'sent'> {
    if (decision === 'by entry') return performBatch(call, { upstream, options: parts.options, done });
    if (!decision.allowed) return refusal(decision);
    if (!canStream(decision)) return perform(call, decision, upstream);
    await upstream.stream(askedOf(call), {
      from: (call.body ?? call.form) ? undefined : request,
      back: response,
      begins: (status) => done(interaction, { status }),
    });
    return 'sent';
  }
}
