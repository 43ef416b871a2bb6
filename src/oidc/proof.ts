import { Provider } from 'oidc-provider';

const proved = new WeakSet<object>();

/** Told of each secret and assertion that was looked at, in the request that is under way; says the same again. */
export function noteProof(isRight: boolean): boolean {
  const { ctx } = Provider;
  if (isRight && ctx) proved.add(ctx);
  return isRight;
}

/**
 * Has the client of this request proved that it is who it says it is? The answer alone does not tell: of what is refused
 * with 400 some was looked at before anybody had proved anything, some after it.
 */
export function hasProved(ctx: object): boolean {
  return proved.has(ctx);
}
