import type { Provider } from 'oidc-provider';

import type { ProviderParts } from './parts.ts';

/** Many servers and proxies take no more than 8 kB of headers in all; a longer token is issued as a reference instead (TOK-08). */
const MAX_JWT_LENGTH = 6000;

interface WrittenToken {
  readonly kind: string;
  readonly grantId?: string;
  readonly expiration: number;
  readonly rotations?: number;
  format?: string;
  jti?: string;
  iat?: number;
  exp?: number;
}

interface Written {
  readonly value: string;
  readonly payload?: object;
}

type Parts = Pick<ProviderParts, 'tokenText' | 'jwtId' | 'newGrantId' | 'clock'>;

/** Tokens are written our way: text that leads to its grant, and JWTs that are kept as well (ARCHITECTURE §3.4). */
export function writeTokenTexts(provider: Provider, parts: Parts): void {
  const { AccessToken, RefreshToken, AuthorizationCode, ClientCredentials } = provider;
  for (const Model of [AccessToken, RefreshToken, AuthorizationCode, ClientCredentials]) {
    const base = methodOf<string>(Model.prototype, 'generateTokenId');
    override(Model.prototype, 'generateTokenId', function generateTokenId(this: WrittenToken) {
      // The base decides the format; the id is ours.
      base.call(this);
      if (this.format === 'jwt') return parts.jwtId(this.kind, this.grantId);
      return parts.tokenText(this.kind, this.grantId, this.rotations);
    });
  }
  for (const Model of [AccessToken, ClientCredentials]) keepStructuredTokens(Model.prototype, parts);
  override(provider.Grant.prototype, 'generateTokenId', () => parts.newGrantId());
}

/**
 * The provider forgets a JWT once it is signed; then nobody could revoke it or ask about it. Ours is kept like any other
 * token, under its whole text: only what we wrote, to the letter, is ever found, and no signature need be trusted.
 */
function keepStructuredTokens(model: object, { tokenText, clock }: Parts): void {
  const base = methodOf<Promise<Written>>(model, 'getValueAndPayload');
  override(model, 'getValueAndPayload', async function getValueAndPayload(this: WrittenToken) {
    if (this.format !== 'jwt') return base.call(this);
    this.iat ??= clock();
    this.exp ??= this.iat + this.expiration;
    const { value } = await base.call(this);
    const jwt = value.length <= MAX_JWT_LENGTH ? value : undefined;
    this.format = 'opaque';
    this.jti = jwt ?? tokenText(this.kind, this.grantId);
    return base.call(this);
  });
}

function methodOf<Result>(object: object, name: string): (this: WrittenToken) => Result {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function')
    throw new TypeError(`oidc-provider no longer has ${name}; see its changelog`);
  return method as (this: WrittenToken) => Result;
}

function override(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { configurable: true, value });
}
