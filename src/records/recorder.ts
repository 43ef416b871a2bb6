import { createHash } from 'node:crypto';
import type { JWK } from 'jose';

import type { AccountId } from '../oauth/index.ts';
import type { Decision } from './decision.ts';
import { isOver } from './ended.ts';
import { drawUp } from './provenance.ts';
import type { Consent, KeptRecord } from './resources.ts';
import { seal, type RecordKey } from './seal.ts';
import type { House } from './words.ts';

/** What is kept of one person, in the order it was kept. */
export interface Archived {
  readonly records: readonly KeptRecord[];
  /** Lines that are no record: a process was killed, or a disk was full, in the middle of one. */
  readonly torn: number;
}

/** Where records are kept, outside the store; `archive/` implements it. It has no way to take one back. */
export interface RecordArchive {
  /** Resolves once the record is on disk. @throws Error when it may not be there */
  append(accountId: AccountId, record: KeptRecord): Promise<void>;
  /** @param newest at least so many of the newest; default: all there are */
  of(accountId: AccountId, newest?: number): Promise<Archived>;
  /** The newest whose text has this in it, a reference; nothing else is read as far as it can be told apart. */
  latestWith(accountId: AccountId, text: string): Promise<KeptRecord | undefined>;
  /** Keeps the public half of a key for as long as there are records; does nothing where it is there. */
  keepKey(publicKey: JWK): Promise<void>;
  keys(): Promise<readonly JWK[]>;
}

/** Keeps what people decide, signed. */
export interface Recorder {
  /**
   * @returns `false`: it was about an end, and that is known already
   * @throws Error when it could not be kept
   */
  keep(decision: Decision): Promise<boolean>;
  /** @param newest at least so many of the newest; default: all there are */
  of(accountId: AccountId, newest?: number): Promise<Archived>;
}

export interface RecorderParts {
  readonly archive: RecordArchive;
  readonly house: House;
  /** The key that signs now, made on first use. */
  readonly key: () => Promise<RecordKey>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
}

export function createRecorder({ archive, house, key, now, newId }: RecorderParts): Recorder {
  return {
    of: (accountId, newest) => archive.of(accountId, newest),
    async keep(decision) {
      const { accountId } = decision.person;
      const signer = await key();
      // Before anything is signed with it: without its public half a record proves nothing once the store is lost.
      await archive.keepKey(publicHalf(signer));
      // A first decision has none before it, and need not wait for a look at all of them.
      const isFirst = decision.kind === 'granted' || decision.kind === 'refused';
      const latest = isFirst ? undefined : await archive.latestWith(accountId, decision.reference);
      const previous = latest?.consent;
      if (previous && ENDS.has(decision.kind) && isOver(previous)) return false;
      const issue = {
        id: previous?.id ?? idFor(decision),
        versionId: versionAfter(previous, newId()),
        at: new Date(now()).toISOString(),
        provenanceId: newId(),
        ...(previous ? { previous } : {}),
      };
      const { consent, provenance } = drawUp(decision, house, issue);
      const signed = await seal(consent, provenance, signer);
      await archive.append(accountId, { consent, provenance: signed });
      return true;
    },
  };
}

/** Several nodes, and several ways to the same end, may each see it. */
const ENDS: ReadonlySet<string> = new Set(['stopped', 'expired']);

/** The same on every machine, though each has its own archive: there is one Consent for an authorization. */
function idFor({ person: { accountId }, reference }: Decision): string {
  return createHash('sha256')
    .update(JSON.stringify([accountId, reference]))
    .digest('hex')
    .slice(0, 32);
}

/** Counts up; the rest tells apart what two processes make of the same version at the same moment. */
function versionAfter(previous: Consent | undefined, random: string): string {
  const before = previous === undefined ? 0 : Number.parseInt(previous.meta.versionId, 10) || 0;
  return `${before + 1}-${random.slice(0, 6)}`;
}

/** What a JWK has that others may see. */
export function publicHalf({ kid, alg, jwk }: RecordKey): JWK {
  const { kty, crv, x, y } = jwk;
  return { kty, crv, x, y, kid, alg, use: 'sig' } as JWK;
}

/** The records, as the screens use them. */
export interface DecisionRecords extends Pick<Recorder, 'of'> {
  /** @throws Error when it could not be kept */
  keep(decision: Decision): Promise<void>;
  /** For what must go on whether or not it is kept: an app that is stopped is stopped. Who watches hears of one that is not. */
  keepIfPossible(decision: Decision): Promise<void>;
}
