import type { StoreDriver } from '../../src/store/index.ts';
import type { TestStore } from './gatehouse.ts';

/** A store that keeps one write waiting, as a slow network would. */
export interface HeldStore {
  readonly store: Pick<TestStore, 'open'>;
  /** Holds the next commit that writes a key which ends so; resolves when one is held. */
  holdNext(suffix: string): Promise<void>;
  /** Lets it go on. */
  release(): void;
}

export function heldStore(real: Pick<TestStore, 'open'>): HeldStore {
  let wanted: { readonly suffix: string; readonly reached: () => void } | undefined;
  let go: () => void = () => undefined;
  const held = (driver: StoreDriver): StoreDriver =>
    new Proxy(driver, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'commit') return member.bind(target) as unknown;
        return async (...[commit]: Parameters<StoreDriver['commit']>) => {
          const { suffix, reached } = wanted ?? {};
          if (suffix !== undefined && commit.puts.some(({ key }) => key.endsWith(suffix))) {
            wanted = undefined;
            const released = new Promise<void>((resolve) => (go = resolve));
            reached?.();
            await released;
          }
          return target.commit(commit);
        };
      },
    });
  return {
    store: { open: async () => held(await real.open()) },
    holdNext: (suffix) => new Promise((resolve) => (wanted = { suffix, reached: resolve })),
    release: () => go(),
  };
}
