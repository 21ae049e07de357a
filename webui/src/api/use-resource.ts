/** Data that a view reads from the API. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { AGAIN_MS, isTemporary, isUnauthorized } from './client.js';
import { session } from './session.js';
import { gateway, isGatewayAway } from './socket.js';

export interface Resource<Value> {
  /** The last value; it stays while a reload runs, and with other inputs until they are read. */
  readonly value: Value | undefined;
  /** The value is that of earlier inputs. */
  readonly isEarlier: boolean;
  /** How the last read failed; it stays while a reload runs, so that nothing jumps. */
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Reads again at once. Aborts a running read, which may have begun before a change, or may hang. */
  readonly reload: () => void;
  /**
   * Reads again after an event or an interval. A running read may end first, so that reads that take longer than the interval show
   * their values; only one that has taken more than half a minute is aborted. Does nothing while the read needs a session.
   */
  readonly refresh: () => void;
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

/** Repeats a read that needs a session once there is one. @returns whether it waits for that */
function useSignIn(error: unknown, run: () => void): boolean {
  const { signedIn } = session.value;
  const isRefused = isUnauthorized(error);
  useEffect(() => {
    if (signedIn && isRefused) run();
  }, [signedIn]);
  return isRefused && !signedIn;
}

const isSame = (one: unknown, other: unknown): boolean => one instanceof Error && other instanceof Error && one.message === other.message;

/** A read that takes longer may never end. A broken connection may never report an error. */
const PATIENCE_MS = 30_000;

interface State<Value> {
  readonly value?: Value | undefined;
  readonly isEarlier?: boolean;
  readonly error?: unknown;
  readonly isLoading: boolean;
}

type Outcome<Value> = Pick<State<Value>, 'value' | 'error'>;

function afterRead<Value>({ value, isEarlier, error }: State<Value>, outcome: Outcome<Value>): State<Value> {
  return {
    // A failure concerns the inputs: the value of others does not stay beside it.
    value: isEarlier === true ? undefined : value,
    ...outcome,
    // The same text, even with another request id: it is not announced again.
    ...(isSame(error, outcome.error) ? { error } : {}),
    isLoading: false,
  };
}

/**
 * A read that failed is repeated when the gateway is reachable again.
 * @param read    is called again when an item of `inputs` changes; earlier reads are aborted.
 * @param inputs  compared one by one, as those of an effect
 */
export function useResource<Value>(read: (signal: AbortSignal) => Promise<Value>, inputs: readonly unknown[]): Resource<Value> {
  const [state, setState] = useState<State<Value>>({ isLoading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const running = useRef<AbortController>(undefined);
  const isStale = useRef(false);
  const isWaiting = useRef(false);
  const begun = useRef(round);
  const begunAtMs = useRef(0);
  const begin = (): void => {
    isStale.current = false;
    begunAtMs.current = Date.now();
    const controller = new AbortController();
    running.current = controller;
    setState((before) => ({ ...before, isLoading: true }));
    const end = (outcome: Outcome<Value>): void => {
      if (controller.signal.aborted) return;
      running.current = undefined;
      setState((before) => afterRead(before, outcome));
      if (isStale.current) begin();
    };
    latest.current(controller.signal).then(
      (value) => end({ value }),
      (error: unknown) => end({ error }),
    );
  };
  const abort = (): void => {
    running.current?.abort();
    running.current = undefined;
  };
  useEffect(() => {
    begun.current = round;
    setState(({ value }) => ({ value, isEarlier: value !== undefined, isLoading: true }));
    begin();
    return abort;
  }, [...inputs]);
  useEffect(() => {
    if (begun.current === round) return;
    begun.current = round;
    if (Date.now() - begunAtMs.current > PATIENCE_MS) abort();
    if (running.current === undefined) begin();
    else isStale.current = true;
  }, [round]);
  const again = (): void => setRound((number) => number + 1);
  const refresh = useCallback(() => void (isWaiting.current || again()), []);
  const reload = useCallback(() => {
    // No running read is waited for.
    begunAtMs.current = 0;
    again();
  }, []);
  isWaiting.current = useSignIn(state.error, reload);
  useReturn(state.isLoading ? 'running' : state.error === undefined ? 'done' : 'failed', reload);
  const set = useCallback((value: Value) => {
    abort();
    setState({ value, isLoading: false });
  }, []);
  const { value, isEarlier = false, error, isLoading } = state;
  return { value, isEarlier, error, isLoading, reload, refresh, set };
}

/** Repeats a read after a temporary failure, for views that show no failure and offer no retry. While the gateway is away, the next connection does. */
export function useRepeated<Value>(resource: Resource<Value>): Resource<Value> {
  const { error, isLoading, reload } = resource;
  useEffect(() => {
    if (isLoading || !isTemporary(error)) return undefined;
    const timer = setTimeout(() => isGatewayAway() || reload(), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isLoading]);
  return resource;
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
