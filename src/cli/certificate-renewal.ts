import { X509Certificate } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';

import type { TlsPair } from '../http/index.ts';

/** Not by events: those say nothing of a file that is put in the place of another, or on a network. */
const LOOK_EVERY_MS = 2000;
/** Certificate and key are two files: the second is written right after the first. */
const SETTLE_MS = 200;

export interface RenewalParts {
  readonly files: readonly string[];
  /** Reads and checks what is there now. @throws Error with what is wrong */
  readonly read: () => TlsPair | undefined;
  readonly renew: (pair: TlsPair) => void;
  readonly log: {
    info(details: object, message: string): void;
    error(details: object, message: string): void;
  };
  /** Default 2 s. */
  readonly everyMs?: number;
}

/**
 * Uses another certificate when its files change, and on SIGHUP, while connections go on. One that is no good is left alone: an error
 * in the log, and the old one stays.
 *
 * @returns stops it
 */
export function renewCertificates(parts: RenewalParts): () => void {
  const { files, log, everyMs = LOOK_EVERY_MS } = parts;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    try {
      const pair = parts.read();
      if (!pair) return log.info({}, 'there is no certificate of ours to be renewed');
      parts.renew(pair);
      const { validTo } = new X509Certificate(pair.certificate);
      log.info({ validTo }, 'the certificate was read anew');
    } catch (error) {
      log.error({ err: error }, 'the new certificate is no good; the old one stays in use');
    }
  };
  const lookSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLE_MS).unref();
  };
  for (const file of files) watchFile(file, { interval: everyMs, persistent: false }, lookSoon);
  process.on('SIGHUP', look);
  return () => {
    clearTimeout(timer);
    for (const file of files) unwatchFile(file, lookSoon);
    process.off('SIGHUP', look);
  };
}
