/** The store of a worker that can be killed at each read or write: what is under way then is committed or not, and is never answered. */
import type { EarlyResult } from '../../daemon/worker/store/group-commit.js';
import type { Store } from '../../daemon/worker/store/store.js';

const NEVER = new Promise<never>(() => undefined);

export interface MortalStore {
  readonly store: Store;
  readonly isDead: () => boolean;
  /** Kills the worker. Resolves when nothing of it is written any more. */
  kill(): Promise<void>;
  /** Resolves when it is dead. */
  readonly died: Promise<void>;
}

/**
 * @param uses  it dies at this use of the store
 * @param commits  whether that use is committed, if it is a write
 */
export function mortalStore(store: Store, { uses, commits }: { readonly uses: number; readonly commits: boolean }): MortalStore {
  let die: () => void = () => undefined;
  const died = new Promise<void>((resolve) => (die = resolve));
  const underWay = new Set<Promise<unknown>>();
  let isDead = false;
  let left = uses;
  const kill = (): void => {
    isDead = true;
    die();
  };
  /** What is under way when it dies has no answer. */
  const answered = async <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    await Promise.allSettled([work]);
    underWay.delete(work);
    return isDead ? NEVER : work;
  };
  const use = <T>(begin: () => Promise<T>): Promise<T> => {
    if (isDead) return NEVER;
    left -= 1;
    if (left > 0) return answered(begin());
    kill();
    return commits ? answered(begin()) : NEVER;
  };
  const writeEarly = async <T>(work: Parameters<Store['write']>[0]): Promise<EarlyResult<T>> => {
    const early = await use(async () => {
      const { value, stored } = await store.writeEarly(work);
      return { value, stored: answered(stored) };
    });
    return { ...early, value: early.value as T };
  };
  const mortal = {
    read: (work: Parameters<Store['read']>[0]) => use(() => store.read(work)),
    write: (work: Parameters<Store['write']>[0]) => use(() => store.write(work)),
    writeEarly,
  };
  return {
    store: mortal as unknown as Store,
    isDead: () => isDead,
    died,
    async kill() {
      kill();
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}
