import type { Writable } from 'node:stream';

import type { AuditSink } from './events.ts';

/**
 * Writes each record as one line of JSON, `{"audit":{…}}`, so that a log shipper can tell it from the server's own
 * log. JSON escapes most line breaks and terminal controls, we the rest: no value can forge a second line.
 */
export function createStdoutSink(stream: Writable = process.stdout): AuditSink {
  return {
    name: 'stdout',
    write: (record) =>
      new Promise((resolve, reject) => {
        stream.write(`${asOneLine({ audit: record })}\n`, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => Promise.resolve(),
  };
}

/** Characters JSON leaves as they are and some reader takes for a line break or a terminal command. */
const UNESCAPED = /[\u007f-\u009f\u2028\u2029]/g;

/** JSON without a character that some reader takes for the end of a line. */
export function asOneLine(value: unknown): string {
  return JSON.stringify(value).replace(UNESCAPED, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
