import {
  askForPasskey,
  attemptFactor,
  methodOf,
  takePasskey,
  type Account,
  type Method,
} from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { readPasskey, type Occasion, type Read, type SecondStepParts } from './parts.ts';

/** Where nobody is known yet. */
type Place = Omit<Occasion, 'account'> & {
  /** The name of the step that the page belongs to. */
  readonly step: string;
};

/** Signing in with a passkey alone: whose it is, it says itself. */
export async function showPasskeySignIn(
  { ctx, binding, action, form, out, step }: Place,
  parts: SecondStepParts,
  { error, status = 200 }: { readonly error?: string; readonly status?: number } = {},
): Promise<void> {
  const { say } = languageOf(ctx);
  const options = JSON.stringify(await askForPasskey(parts.passkeys, binding));
  const data = {
    ...{ ...out, form: form(step), passkey: { kind: 'get', options, label: say('passkey.use') } },
    ways: [{ label: say('passkey.password'), href: action }],
    ...(error === undefined ? {} : { error }),
  };
  parts.render(ctx, 'passkey', data, status);
}

/** @returns who it is and by what; `shown`: a page that says why it will not do, the same for everybody */
export async function takePasskeySignIn(
  place: Place,
  read: Read,
  parts: SecondStepParts,
): Promise<{ readonly account: Account; readonly method: Method } | 'shown'> {
  const { ctx, binding, seen } = place;
  const { say } = languageOf(ctx);
  // Whoever it is: what is counted is where it comes from.
  const whose = { accountId: `passkey ${ctx.ip}`, address: ctx.ip };
  const look = () => takePasskey(parts.passkeys, { binding, response: readPasskey(read) });
  const attempt = await attemptFactor(parts.throttle, whose, look, ({ ok }) => ok);
  if (!attempt.looked) {
    ctx.set('Retry-After', String(attempt.seconds));
    const error = say('login.wait', { minutes: Math.ceil(attempt.seconds / 60) });
    await showPasskeySignIn(place, parts, { error, status: 429 });
    return 'shown';
  }
  const taken = attempt.result;
  const account = taken.ok ? await parts.accounts.find(taken.accountId) : undefined;
  // Who closes an account at the provider that made it closes every way in here.
  const isSecondOnly = account !== undefined && !account.disabled && account.passwordHash === undefined;
  if (!taken.ok || !account || account.disabled || isSecondOnly) {
    const reason = taken.ok ? (isSecondOnly ? 'second-step-only' : 'disabled') : taken.reason;
    const whom = taken.accountId === undefined ? {} : { accountId: taken.accountId };
    await parts.audit.record({
      ...{ type: 'sign-in', outcome: 'refused', method: 'passkey', reason, ...whom, ...seen },
    });
    const error = say(isSecondOnly ? 'passkey.second-only' : 'passkey.refused');
    await showPasskeySignIn(place, parts, { error, status: 422 });
    return 'shown';
  }
  const method = methodOf(taken.passkey);
  await parts.audit.record({
    ...{ type: 'sign-in', outcome: 'success', method, accountId: account.accountId, ...seen },
  });
  return { account, method };
}
