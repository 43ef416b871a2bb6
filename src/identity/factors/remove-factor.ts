import type { AccountId } from '../../oauth/index.ts';
import type { MfaRule } from '../mfa-rule.ts';
import { without, type Factors, type FactorStore } from './record.ts';
import { withoutTotp } from './totp.ts';

export type FactorName = { readonly kind: 'totp' } | { readonly kind: 'passkey'; readonly id: string };

/** Has the person anything to show beside the password? Printed codes are for when that is lost, and do not count. */
export function hasSecondFactor({ totp, passkeys }: Pick<Factors, 'totp' | 'passkeys'>): boolean {
  return totp !== undefined || passkeys.length > 0;
}

/**
 * Takes a factor away; of who must have one, not the last. With the last the printed codes go, which would let in on their
 * own what they were made to replace.
 */
export function removeFactor(
  factors: FactorStore,
  accountId: AccountId,
  which: FactorName,
  rule: MfaRule,
): Promise<'removed' | 'unknown' | 'last'> {
  return factors.change<'removed' | 'unknown' | 'last'>(accountId, (current) => {
    const left = leftOf(current, which);
    if (!left) return { result: 'unknown' };
    if (hasSecondFactor(left)) return { result: 'removed', factors: left };
    return rule === 'required'
      ? { result: 'last' }
      : { result: 'removed', factors: without(left, 'recoveryCodes') };
  });
}

function leftOf(current: Factors, which: FactorName): Factors | undefined {
  if (which.kind === 'totp') return current.totp ? withoutTotp(current) : undefined;
  const passkeys = current.passkeys.filter(({ id }) => id !== which.id);
  return passkeys.length < current.passkeys.length ? { ...current, passkeys } : undefined;
}
