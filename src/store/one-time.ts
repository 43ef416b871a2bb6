import type { ChallengeStore, OneTimeCode, OneTimeCodeStore } from '../identity/index.ts';
import { createChanges } from './change.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

interface Challenge {
  readonly challenge: string;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/**
 * Keeps what passkeys have to sign, under a keyed hash of whom it was shown to.
 *
 * @param unsureBefore milliseconds since 1970: those made before may have been taken already
 */
export function createChallengeStore(vault: Vault, unsureBefore: () => number = () => 0): ChallengeStore {
  const at = (binding: string): string => key.challenge(vault.keys.keyedHash('challenge', binding));
  return {
    put: (binding, challenge, ttlSeconds) =>
      vault.write(at(binding), { challenge, madeAt: Date.now() } satisfies Challenge, ttlSeconds),
    async take(binding) {
      const taken = await vault.take<Challenge>(at(binding));
      return taken && taken.madeAt >= unsureBefore() ? taken.challenge : undefined;
    },
  };
}

/** Keeps codes that people were sent or told; see {@link createChallengeStore}. */
export function createOneTimeCodeStore(vault: Vault, unsureBefore: () => number = () => 0): OneTimeCodeStore {
  const change = createChanges(vault);
  const at = (name: string): string => key.oneTimeCode(vault.keys.keyedHash('one-time-code', name));
  const secondsLeft = ({ expiresAt }: OneTimeCode): number =>
    Math.max(1, expiresAt - Math.floor(Date.now() / 1000));
  return {
    put: (name, code) => vault.write(at(name), code, secondsLeft(code)),
    change: <Result>(
      name: string,
      edit: (code: OneTimeCode | undefined) => {
        readonly result: Result;
        readonly code?: OneTimeCode | 'gone';
      },
    ) =>
      change<OneTimeCode, Result>(at(name), (kept) => {
        const { result, code } = edit(kept && kept.madeAt >= unsureBefore() ? kept : undefined);
        if (code === undefined) return { result };
        return { result, next: code === 'gone' ? code : { record: code, ttlSeconds: secondsLeft(code) } };
      }),
  };
}
