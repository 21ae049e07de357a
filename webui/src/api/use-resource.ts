/** Data that a view reads from the API. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { gateway } from './socket.js';

export interface Resource<Value> {
  /** The last value; it stays while a reload runs. */
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly reload: () => void;
  /** Replaces the value after a change. Aborts a running read, which may have begun before the change. */
  readonly set: (value: Value) => void;
}

/**
 * Repeats work that failed, once for each new connection to the gateway since the work began: also if it fails after the page is
 * connected again.
 */
export function useReturn(state: 'running' | 'failed' | 'done', run: () => void): void {
  // Each connection has a new greeting object.
  const greeting = gateway.value;
  const seen = useRef(greeting);
  useEffect(() => {
    const isNew = seen.current !== greeting;
    if (state !== 'running') seen.current = greeting;
    if (state === 'failed' && isNew) run();
  }, [state, greeting]);
}

/**
 * A read that failed is repeated when the gateway is reachable again.
 * @param read    is called again when an item of `inputs` changes; earlier reads are aborted.
 * @param inputs  compared one by one, as those of an effect
 */
export function useResource<Value>(read: (signal: AbortSignal) => Promise<Value>, inputs: readonly unknown[]): Resource<Value> {
  const [state, setState] = useState<{ value?: Value | undefined; error?: unknown; isLoading: boolean }>({ isLoading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const running = useRef<AbortController>(undefined);
  useEffect(() => {
    const controller = new AbortController();
    running.current = controller;
    setState(({ value }) => ({ value, isLoading: true }));
    latest.current(controller.signal).then(
      (value) => !controller.signal.aborted && setState({ value, isLoading: false }),
      (error: unknown) => !controller.signal.aborted && setState(({ value }) => ({ value, error, isLoading: false })),
    );
    return () => controller.abort();
  }, [...inputs, round]);
  const reload = useCallback(() => setRound((number) => number + 1), []);
  useReturn(state.isLoading ? 'running' : state.error === undefined ? 'done' : 'failed', reload);
  const set = useCallback((value: Value) => {
    running.current?.abort();
    setState({ value, isLoading: false });
  }, []);
  return { value: state.value, error: state.error, isLoading: state.isLoading, reload, set };
}

/** Returns a function that runs work after a delay, and replaces work that still waits. Unmounting cancels it. */
export function useDebounce(delayMs: number): (work: () => void) => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (work) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(work, delayMs);
  };
}

/**
 * Runs work once its inputs have not changed for a while. A change of them aborts it.
 * @param work  undefined: nothing to do
 */
export function useDelayed(delayMs: number, work: ((signal: AbortSignal) => void) | undefined, inputs: readonly unknown[]): void {
  useEffect(() => {
    if (work === undefined) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => work(controller.signal), delayMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [...inputs]);
}
