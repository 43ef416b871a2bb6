import type { Grant, Session } from 'oidc-provider';

/**
 * Has a model keep members of ours with its own. Must run before the first one is made: the provider remembers each model's
 * members on first use.
 */
export function keepInPayload(model: typeof Grant | typeof Session, members: readonly string[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(model, 'IN_PAYLOAD');
  if (!descriptor?.get) throw new TypeError('oidc-provider no longer has IN_PAYLOAD; see its changelog');
  Object.defineProperty(model, 'IN_PAYLOAD', {
    configurable: true,
    get(this: object) {
      return [...(descriptor.get?.call(this) as string[]), ...members];
    },
  });
}
