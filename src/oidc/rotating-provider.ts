import compose from 'koa-compose';
import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';

import { loadOrCreateKeys, type SigningKeySet, type SigningKeyStore } from '../keys/index.ts';
import type { Clock } from '../oauth/index.ts';

const WATCH_MS = 1000;

/** The provider that is current, whichever that is. */
export interface RotatingProvider {
  readonly current: () => Provider;
  /** The keys the current one signs with. */
  readonly signingKeys: () => SigningKeySet;
  readonly middleware: Middleware;
  /** Stops looking for rotated keys. */
  readonly stop: () => void;
}

export interface RotationParts {
  readonly keyStore: SigningKeyStore;
  readonly clock: Clock;
  readonly build: (keys: SigningKeySet) => Provider;
  /** There were none: of a store that was used before, somebody should know. */
  readonly onMade: (kids: readonly string[]) => void;
  readonly onRotated: (version: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** An import brings keys that may have the version of ours. */
function isSame(one: SigningKeySet, other: SigningKeySet): boolean {
  const names = ({ version, keys }: SigningKeySet): string =>
    [version, ...keys.map(({ kid, status }) => `${kid} ${status}`)].join();
  return names(one) === names(other);
}

/**
 * oidc-provider fixes its keys when it is built. A rotation, seen within a second, builds a second one beside it, and the
 * next request goes there; what the first one is doing it finishes (ARCHITECTURE §3.10).
 */
export async function createRotatingProvider(parts: RotationParts): Promise<RotatingProvider> {
  const { keyStore, clock, build, onMade, onRotated, onFailure } = parts;
  const found = await keyStore.load();
  let keys = await loadOrCreateKeys(keyStore, clock);
  if (!found) onMade(keys.keys.map(({ kid }) => kid));
  let provider = build(keys);
  let middleware = compose(provider.middleware);
  const look = async (): Promise<void> => {
    const latest = await keyStore.load();
    // A store that was adopted after a loss gets the keys we still have: what they signed stays good.
    if (!latest) await keyStore.create(keys);
    if (!latest || isSame(latest, keys)) return;
    keys = latest;
    provider = build(keys);
    middleware = compose(provider.middleware);
    onRotated(keys.version);
  };
  const watcher = setInterval(() => void look().catch(onFailure), WATCH_MS).unref();
  return {
    current: () => provider,
    signingKeys: () => keys,
    middleware: async (ctx, next) => {
      await middleware(ctx, next);
    },
    stop: () => clearInterval(watcher),
  };
}
