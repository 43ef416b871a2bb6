import type { ServerResponse } from 'node:http';
import { outcomeAnswer } from '../resource-server/index.ts';

import { type Answer } from './answers.ts';
import { UpstreamFailed } from './upstream.ts';

/** Told what went wrong, in words for an operator: no token, no patient. */
export type OnProblem = (detail: string, error?: unknown) => void;

/** What went wrong, for the app: whose fault it is, and no more. Of an answer that has begun nothing more can be said. */
export function failed(error: unknown, response: ServerResponse, onProblem: OnProblem): Answer | 'sent' {
  onProblem(error instanceof Error ? error.message : 'a request failed', error);
  if (response.headersSent) {
    response.destroy();
    return 'sent';
  }
  if (!(error instanceof UpstreamFailed))
    return outcomeAnswer(500, 'exception', 'something went wrong on our side');
  return WORDS[error.kind];
}

const WORDS: Readonly<Record<UpstreamFailed['kind'], Answer>> = {
  'too-long': outcomeAnswer(
    422,
    'too-long',
    'the answer is too long to be filtered: ask for less, such as with _count',
  ),
  late: outcomeAnswer(504, 'transient', 'the FHIR server did not answer in time'),
  unreachable: outcomeAnswer(502, 'transient', 'the FHIR server cannot be reached', { 'Retry-After': '5' }),
};
