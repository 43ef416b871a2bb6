import { decodeJwt } from 'jose';
import type { Context } from 'koa';
import { errors, type Provider } from 'oidc-provider';

import type { AuditRecorder } from '../audit/index.ts';
import { acrOf, amrOf, methodsSaid, type Method } from '../identity/index.ts';
import type { Clock } from '../oauth/index.ts';
import type { LaunchContext } from '../smart/index.ts';
import type { CarriedSignIn } from '../upstream/index.ts';
import { endOfGrant } from './granted-context.ts';
import { ownFirst, scopesOfGrant } from './grant-words.ts';

interface SignedIn {
  readonly methods: readonly Method[];
  readonly at?: number;
}

/** A person's decision, ready to become a grant. */
interface Approval {
  readonly accountId: string;
  readonly signedIn?: SignedIn;
  readonly carried?: CarriedSignIn;
  readonly clientId: string;
  readonly fhirBaseUrl: string;
  readonly scope: string;
  readonly context: LaunchContext;
  readonly fhirUser?: string;
  readonly actsAs?: string;
  readonly clinician?: true;
  readonly reference: string;
  readonly lifetimeSeconds: number;
  readonly endsAt?: number;
}

interface Pending {
  readonly uid: string;
  readonly correlationId: string;
  readonly prompt: { readonly name: string; readonly reasons: readonly string[] };
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly aud: string;
  readonly launch?: string;
  readonly loginHint?: string;
  readonly hintedAccount?: string;
  readonly uiLocales?: string;
  /** The app wants the person to be asked, whatever was decided before (`prompt=consent`). */
  readonly asksConsent: boolean;
  readonly maxAge?: number;
  readonly acrValues: readonly string[];
  readonly session?: {
    readonly accountId: string;
    readonly methods: readonly Method[];
    readonly provider?: string;
  };
}

/**
 * What the screens ask of oidc-provider. The provider is asked for each time: it is another one after a key rotation.
 */
export function createEngine(provider: () => Provider, clock: Clock, audit: AuditRecorder) {
  return {
    async pending(ctx: Context): Promise<Pending | undefined> {
      try {
        const details = await provider().interactionDetails(ctx.req, ctx.res);
        const pending = asPending(details);
        const uid = details.session?.uid;
        const known = uid === undefined ? undefined : await provider().Session.findByUid(uid);
        const from = known?.upstream?.provider;
        const { session } = pending;
        return session && from !== undefined
          ? { ...pending, session: { ...session, provider: from } }
          : pending;
      } catch (error) {
        if (error instanceof errors.SessionNotFound) return undefined;
        throw error;
      }
    },
    async approve(ctx: Context, approval: Approval, finish: (url: string) => Promise<void>): Promise<string> {
      const ended = approval.signedIn
        ? await endSessionOfSomebodyElse(provider(), ctx, approval.accountId, clock)
        : undefined;
      if (ended !== undefined) {
        const { reference } = approval;
        await audit.record({
          type: 'sign-out',
          outcome: 'success',
          accountId: ended,
          reference,
          address: ctx.ip,
        });
      }
      const grantId = await saveGrant(provider(), approval, clock);
      const login = await loginOf(provider(), ctx, approval);
      const { returnTo } = await provider().interactionDetails(ctx.req, ctx.res);
      const result = { ...login, consent: { grantId } };
      const [url] = await Promise.all([
        provider().interactionResult(ctx.req, ctx.res, result),
        finish(returnTo),
      ]);
      return url;
    },
    refuse(ctx: Context, error: string, description: string): Promise<string> {
      return provider().interactionResult(ctx.req, ctx.res, { error, error_description: description });
    },
  };
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

function asPending({ uid, prompt, params, session, cid }: Details): Pending {
  const text = (name: string): string | undefined =>
    typeof params[name] === 'string' ? params[name] : undefined;
  const { max_age: maxAge } = params;
  const launch = text('launch');
  const loginHint = text('login_hint');
  const hint = text('id_token_hint');
  // It was verified when the request came; the provider does not look at it again once somebody has signed in.
  const hintedAccount = hint === undefined ? undefined : decodeJwt(hint).sub;
  const uiLocales = text('ui_locales');
  return {
    uid,
    correlationId: cid ?? uid,
    prompt: { name: prompt.name, reasons: prompt.reasons },
    clientId: text('client_id') ?? '',
    redirectUri: text('redirect_uri') ?? '',
    scope: text('scope') ?? '',
    aud: text('aud') ?? '',
    asksConsent: (text('prompt') ?? '').split(' ').includes('consent'),
    ...(maxAge === undefined || Number.isNaN(Number(maxAge)) ? {} : { maxAge: Number(maxAge) }),
    ...(launch === undefined ? {} : { launch }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(hintedAccount === undefined ? {} : { hintedAccount }),
    ...(uiLocales === undefined ? {} : { uiLocales }),
    acrValues: (text('acr_values') ?? '').split(' ').filter(Boolean),
    ...(session?.accountId === undefined
      ? {}
      : { session: { accountId: session.accountId, methods: methodsSaid(session.amr) } }),
  };
}

/** Who showed a second factor on top of an earlier sign-in is signed in since then: it is as old as its oldest part. */
async function loginOf(provider: Provider, ctx: Context, { accountId, signedIn, carried }: Approval) {
  if (!signedIn) return {};
  const { methods, at } = signedIn;
  const before = at === undefined ? await provider.Session.get(ctx) : undefined;
  const ts = at ?? before?.loginTs;
  // On top of a sign-in elsewhere: it still hangs on that.
  const upstream = carried?.upstream ?? before?.upstream;
  const login = { accountId, amr: amrOf(methods), acr: acrOf(methods), ...(ts === undefined ? {} : { ts }) };
  return { login, ...(upstream ? { upstream } : {}) };
}

/**
 * Somebody else was signed in to this browser: that session ends. The provider would end it by a form that sends itself,
 * and Chromium stops the way from a form to the app (`form-action`), however many redirects lie between.
 *
 * @returns whose session ended
 */
async function endSessionOfSomebodyElse(
  provider: Provider,
  ctx: Context,
  accountId: string,
  clock: Clock,
): Promise<string | undefined> {
  const session = await provider.Session.get(ctx);
  const other = session.accountId;
  if (other === undefined || other === accountId) return undefined;
  const interaction = await provider.interactionDetails(ctx.req, ctx.res);
  delete interaction.session;
  await interaction.save(interaction.exp - clock());
  await session.destroy();
  return other;
}

async function saveGrant(provider: Provider, approval: Approval, clock: Clock): Promise<string> {
  const { accountId, clientId, fhirBaseUrl, context, fhirUser, actsAs, clinician } = approval;
  const { reference, lifetimeSeconds, endsAt } = approval;
  const grant = new provider.Grant({ accountId, clientId });
  grant.smart = {
    context,
    fhirBaseUrl,
    reference,
    scope: ownFirst(approval.scope),
    lifetimeSeconds,
    madeAt: Date.now(),
    ...(fhirUser === undefined ? {} : { fhirUser }),
    ...(actsAs === undefined ? {} : { actsAs }),
    ...(clinician ? { clinician } : {}),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
  Object.assign(grant, scopesOfGrant({ smart: grant.smart }));
  grant.exp = endOfGrant(grant.smart, clock());
  return grant.save();
}
