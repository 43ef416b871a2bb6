import type { Context } from 'koa';

import type { Config } from '../config/index.ts';
import {
  providerOfAddress,
  providersFor,
  takesPasswords,
  type Began,
  type Question,
} from '../upstream/index.ts';
import { keepSecret } from './browser-cookie.ts';
import type { SignInParts } from './parts.ts';

/** What the sign-in pages ask of it. */
export interface ProviderDoor {
  /** @param fhirServer id of the one people sign in for; absent: any */
  choices(
    fhirServer?: string,
  ): readonly { readonly id: string; readonly name: string; readonly silent: boolean }[];
  /** Whose address somebody typed as user name. */
  ofAddress(typed: string, fhirServer?: string): string | undefined;
  takesPasswords(fhirServer?: string): boolean;
  /** Where the browser goes on; `undefined`: the provider is away. */
  open(ctx: Context, provider: string, from: Began, question: Question): Promise<string | undefined>;
}

export function createProviderDoor({
  config,
  upstream,
  browserHash,
  log,
}: Pick<SignInParts, 'upstream' | 'browserHash' | 'log'> & { readonly config: Config }): ProviderDoor {
  return {
    choices: (fhirServer) => providersFor(config, fhirServer),
    ofAddress: (typed, fhirServer) => providerOfAddress(providersFor(config, fhirServer), typed)?.id,
    takesPasswords: (fhirServer) => takesPasswords(config, fhirServer),
    async open(ctx, id, from, question) {
      const provider = config.signIn.providers.find((one) => one.id === id);
      if (!provider) throw new TypeError(`there is no provider ${id}`);
      const browser = browserHash(keepSecret(ctx, config.issuer));
      try {
        return await upstream.begin(provider, from, browser, question);
      } catch (error) {
        if (!isOfProvider(error)) throw error;
        log.warn({ err: error, provider: id }, 'an identity provider is away');
        return undefined;
      }
    },
  };
}

/** Our own store being away is no provider's fault. */
function isOfProvider(error: unknown): boolean {
  return !(error instanceof Error && error.name === 'StoreUnavailable');
}
