import { attemptFactor, takeRecoveryCode, takeTotp, type Method, type Second } from '../identity/index.ts';
import { languageOf } from '../language/index.ts';
import type { Occasion, Read, SecondStepParts } from './parts.ts';

/** The second factors that are asked for here. */
type Way = Extract<Second, 'totp' | 'recovery-code'>;
const WAYS: readonly Way[] = ['totp', 'recovery-code'];

interface Said {
  readonly error?: string;
  readonly status?: number;
}

/** Asks for one of these, the one the person chose or the best; the others are links. */
export function showSecond(
  occasion: Occasion,
  of: readonly Second[],
  parts: SecondStepParts,
  { error, status = 200 }: Said = {},
  way: Way = chosen(of, String(occasion.ctx.query['way'] ?? '')),
): void {
  const { ctx, action, form, out } = occasion;
  const { say } = languageOf(ctx);
  const data = {
    ...{ ask: say(`second-step.ask-${way}`), isNumber: way !== 'recovery-code', ...out },
    form: { ...form('second'), hidden: [{ name: 'way', value: way }] },
    ways: waysOf(of)
      .filter((one) => one !== way)
      .map((one) => ({ label: say(`second-step.use-${one}`), href: `${action}?way=${one}` })),
    ...(error === undefined ? {} : { error }),
  };
  parts.render(ctx, 'second-step', data, status);
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
  const method = chosen(of, read('way'));
  const again = (error: string, status: number): 'shown' => {
    showSecond(occasion, of, parts, { error, status }, method);
    return 'shown';
  };
  const look = (): Promise<string> => lookAt(method, occasion, read('code'), parts);
  const attempt = await attemptFactor(
    parts.throttle,
    { accountId, address: ctx.ip },
    look,
    (result) => result === 'right',
  );
  if (!attempt.looked) {
    ctx.set('Retry-After', String(attempt.seconds));
    return again(say('login.wait', { minutes: Math.ceil(attempt.seconds / 60) }), 429);
  }
  const isRight = attempt.result === 'right';
  const outcome = isRight ? { outcome: 'success' as const } : REFUSED(attempt.result);
  await parts.audit.record({ type: 'sign-in', ...outcome, method, accountId, ...seen });
  return isRight
    ? method
    : again(say(attempt.result === 'used' ? 'second-step.used' : 'second-step.wrong'), 422);
}

const REFUSED = (reason: string) => ({ outcome: 'refused' as const, reason });

async function lookAt(
  way: Way,
  { account: { accountId } }: Occasion,
  code: string,
  parts: SecondStepParts,
): Promise<string> {
  if (way === 'totp') return takeTotp(parts, accountId, code);
  return (await takeRecoveryCode(parts, accountId, code)).ok ? 'right' : 'wrong';
}

function waysOf(of: readonly Second[]): readonly Way[] {
  return WAYS.filter((way) => of.includes(way));
}

function chosen(of: readonly Second[], name: string): Way {
  const ways = waysOf(of);
  return ways.find((way) => way === name) ?? ways[0] ?? 'totp';
}
