import { randomBytes } from 'node:crypto';

import { Provider, errors, type Session } from 'oidc-provider';

import { keepInPayload } from './payload.ts';

declare module 'oidc-provider' {
  interface Session {
    /** Until it is written: the id it had before, which is good for nothing from then on. */
    movedFrom?: string;
  }
}

/**
 * The provider writes a session in the end of every request that found it, also where it was ended or moved to another id
 * meanwhile (attack rows A072, A092). The store refuses that write. Of an ended session the request fails with it; of a
 * moved one it goes on, and its browser keeps the cookie that it has got elsewhere.
 *
 * A session's id is `<uid>.<secret>`: the store finds both in one place, and decides there in one step.
 */
export function guardSessionWrites(provider: Provider): void {
  keepInPayload(provider.Session, ['movedFrom']);
  const { prototype } = provider.Session;
  const save: (this: Session, ttl: number) => Promise<string> = Reflect.get(prototype, 'save');
  const define = (name: string, descriptor: PropertyDescriptor & ThisType<Session>): void => {
    Object.defineProperty(prototype, name, { configurable: true, ...descriptor });
  };
  define('id', { get: idOf });
  define('resetIdentifier', {
    value(this: Session) {
      if (isResumedAsBefore()) return;
      this.movedFrom ??= idOf.call(this);
      this.jti = `${this.uid}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
      Reflect.set(this, 'touched', true);
    },
  });
  define('save', {
    async value(this: Session, ttl: number) {
      const id = idOf.call(this);
      if (this.jti !== id) this.jti = id;
      try {
        const saved = await save.call(this, ttl);
        Reflect.deleteProperty(this, 'movedFrom');
        return saved;
      } catch (error) {
        if (!(error instanceof errors.AccessDenied)) throw error;
        // Or the provider would try again.
        Reflect.set(this, 'destroyed', true);
        dropSessionCookie(provider);
        if (error.error_detail === undefined) throw error;
        return this.jti;
      }
    },
  });
}

/**
 * Nobody has signed in on the way: there is nothing that another id would protect from, and a second launch of this browser, or
 * an answer that gets lost, would be left with the old one.
 */
function isResumedAsBefore(): boolean {
  const { oidc } = (Provider.ctx ?? {}) as {
    readonly oidc?: { readonly route?: string; readonly result?: { readonly login?: object } };
  };
  return oidc?.route === 'resume' && oidc.result?.login === undefined;
}

const SECRET_BYTES = 24;

/** The provider makes ids of its own for new sessions; they become the secret part. */
function idOf(this: Session): string {
  return this.jti.startsWith(`${this.uid}.`) ? this.jti : `${this.uid}.${this.jti}`;
}

/** The answer of the running request leaves the browser's session cookie as it is. */
export function dropSessionCookie(provider: Provider): void {
  const { ctx } = Provider;
  const lines = ctx?.response.get('set-cookie') as string | string[] | undefined;
  if (!ctx || !lines) return;
  const name = provider.cookieName('session');
  const others = [lines]
    .flat()
    .filter((line) => !line.startsWith(`${name}=`) && !line.startsWith(`${name}.sig=`));
  ctx.remove('set-cookie');
  if (others.length > 0) ctx.set('set-cookie', others);
}
