import type { Writable } from 'node:stream';

import type { AuditSink } from './events.ts';

/**
 * Writes each record as one line of JSON, `{"audit":{…}}`, so that a log shipper can tell it from the server's own
 * log. JSON escapes line breaks: no value can forge a second line.
 */
export function createStdoutSink(stream: Writable = process.stdout): AuditSink {
  return {
    name: 'stdout',
    write: (record) =>
      new Promise((resolve, reject) => {
        stream.write(`${JSON.stringify({ audit: record })}\n`, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => Promise.resolve(),
  };
}
