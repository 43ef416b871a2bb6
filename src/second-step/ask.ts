import {
  askForPasskey,
  mailSignInCode,
  takeSignInCode,
  attemptFactor,
  methodOf,
  takePasskey,
  takeRecoveryCode,
  takeTotp,
  type Method,
  type Second,
} from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import { codeMail } from './mail.ts';
import { masked } from './masked.ts';
import { readPasskey, type Occasion, type Read, type SecondStepParts } from './parts.ts';

/** The second factors that are asked for here, the best first. */
const WAYS: readonly Second[] = ['passkey', 'totp', 'recovery-code', 'mailed-code'];

interface Said {
  readonly notice?: string;
  readonly error?: string;
  readonly status?: number;
}

/** Asks for one of these, the one the person chose or the best; the others are links. */
export async function showSecond(
  occasion: Occasion,
  of: readonly Second[],
  parts: SecondStepParts,
  { error, notice, status = 200 }: Said = {},
  way: Second = chosen(of, String(occasion.ctx.query['way'] ?? '')),
): Promise<void> {
  const { ctx, action, form, out } = occasion;
  const { say } = languageOf(ctx);
  const data = {
    ...out,
    form: { ...form('second'), hidden: [{ name: 'way', value: way }] },
    ways: waysOf(of)
      .filter((one) => one !== way)
      .map((one) => ({ label: say(`second-step.use-${one}`), href: `${action}?way=${one}` })),
    ...(error === undefined ? {} : { error }),
    ...(notice === undefined ? {} : { notice }),
  };
  if (way === 'passkey') {
    const asked = await askForPasskey(parts.passkeys, occasion.binding, occasion.account.accountId);
    const passkey = { kind: 'get', options: JSON.stringify(asked), label: say('passkey.use') };
    // For an app that takes nothing else; who is at our own pages has other ways, or is there already.
    const only = data.ways.length === 0 && out.canCancel ? { accountHref: parts.accountPath } : {};
    parts.render(ctx, 'passkey', { ...data, ...only, passkey }, status);
  } else {
    const ask = say(`second-step.ask-${way}`);
    const mail = way === 'mailed-code' ? mailInWords(occasion, notice ?? error) : {};
    const isNumber = way !== 'recovery-code';
    parts.render(ctx, 'second-step', { ...data, ...mail, ask, isNumber }, status);
  }
}

/** Where a code goes, and whether one is asked for already: until then there is nothing to type. */
function mailInWords({ ctx, account, action }: Occasion, said: string | undefined): Record<string, unknown> {
  const { say } = languageOf(ctx);
  const isSent = said !== undefined || ctx.query['code'] === 'yes';
  return {
    isSent,
    sendLabel: say(isSent ? 'second-step.send-again' : 'second-step.send'),
    ...(account.email === undefined ? {} : { sendsTo: masked(account.email) }),
    haveCodeHref: `${action}?way=mailed-code&code=yes`,
  };
}

/** One try, counted. @returns what was shown; `shown`: a page that says why it will not do */
export async function takeSecond(
  occasion: Occasion,
  of: readonly Second[],
  read: Read,
  parts: SecondStepParts,
): Promise<Method | 'shown'> {
  const { ctx, account, seen } = occasion;
  const { accountId } = account;
  const { say } = languageOf(ctx);
  const way = chosen(of, read('way'));
  const again = async (error: string, status: number): Promise<'shown'> => {
    await showSecond(occasion, of, parts, { error, status }, way);
    return 'shown';
  };
  if (way === 'mailed-code' && parts.mailed && read('send') !== '') {
    mailSignInCode(parts.mailed, account, occasion.binding, codeMail(ctx, parts.name, 'sign-in'));
    await showSecond(occasion, of, parts, { notice: say('second-step.sent') }, way);
    return 'shown';
  }
  const look = (): Promise<Looked> => lookAt(way, occasion, read, parts);
  const whose = { accountId, address: ctx.ip };
  const attempt = await attemptFactor(parts.throttle, whose, look, ({ said }) => said === 'right');
  if (!attempt.looked) {
    ctx.set('Retry-After', String(attempt.seconds));
    return again(say('login.wait', { minutes: Math.ceil(attempt.seconds / 60) }), 429);
  }
  const { said, method } = attempt.result;
  const isRight = said === 'right';
  const outcome = isRight
    ? ({ outcome: 'success' } as const)
    : ({ outcome: 'refused', reason: said } as const);
  await parts.audit.record({ type: 'sign-in', ...outcome, method, accountId, ...seen });
  if (isRight) return method;
  if (way === 'passkey') return again(say('passkey.refused'), 422);
  return again(say(said === 'used' ? 'second-step.used' : 'second-step.wrong'), 422);
}

interface Looked {
  readonly said: string;
  readonly method: Exclude<Method, 'password' | 'vouched' | 'vouched-several'>;
}

async function lookAt(
  way: Second,
  { account: { accountId }, binding }: Occasion,
  read: Read,
  parts: SecondStepParts,
): Promise<Looked> {
  const code = read('code');
  if (way === 'totp') return { said: await takeTotp(parts, accountId, code), method: way };
  if (way === 'recovery-code') {
    const { ok } = await takeRecoveryCode(parts, accountId, code);
    return { said: ok ? 'right' : 'wrong', method: way };
  }
  if (way === 'mailed-code') {
    if (!parts.mailed) return { said: 'gone', method: way };
    return { said: await takeSignInCode(parts.mailed, accountId, binding, code), method: way };
  }
  const taken = await takePasskey(parts.passkeys, { binding, accountId, response: readPasskey(read) });
  return taken.ok
    ? { said: 'right', method: methodOf(taken.passkey) }
    : { said: taken.reason, method: 'passkey' };
}

function waysOf(of: readonly Second[]): readonly Second[] {
  return WAYS.filter((way) => of.includes(way));
}

function chosen(of: readonly Second[], name: string): Second {
  const ways = waysOf(of);
  return ways.find((way) => way === name) ?? ways[0] ?? 'totp';
}
