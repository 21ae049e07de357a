/** Reads an event stream of a service one event at a time, with a signal and a time limit. */
import type { Clock } from '../../../../shared/clock.js';

/** How waiting for the next event ended. `failed`: the stream threw. */
export type Step<Event> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly error: unknown }
  | { readonly kind: 'idle' };

/** Proxies and browsers drop a stream that is silent for too long. */
const HEARTBEAT_MS = 15_000;

/** Reads a stream one event at a time; the next one is requested when the last has been consumed. */
export class PulledEvents<Event> {
  readonly #iterator: AsyncIterator<Event>;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  /** The requested event once it has arrived, until it is consumed. */
  #pending: { step?: Step<Event> } | undefined;
  /** Wakes the latest waiter. A single field, so that a stream that is silent for hours accumulates nothing per heartbeat. */
  #wake: () => void = () => undefined;

  constructor(events: AsyncIterable<Event>, signal: AbortSignal, clock: Clock) {
    this.#iterator = events[Symbol.asyncIterator]();
    this.#signal = signal;
    this.#clock = clock;
  }

  /** Whether the signal has ended the stream. */
  get isAborted(): boolean {
    return this.#signal.aborted;
  }

  /** Yields every event; undefined when a heartbeat is due. @throws the stream's error, or the signal's reason */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event | undefined> {
    try {
      for (;;) {
        const step = await this.wait(HEARTBEAT_MS);
        if (step.kind === 'ended') return;
        if (step.kind === 'failed' || step.kind === 'aborted') throw step.error;
        if (step.kind === 'event') this.take();
        yield step.kind === 'event' ? step.event : undefined;
      }
    } finally {
      this.close();
    }
  }

  /** Waits for the next event, the signal, or `idleMs`; after `idle` the same event is still pending. */
  wait(idleMs: number): Promise<Step<Event>> {
    const signal = this.#signal;
    if (signal.aborted) return Promise.resolve({ kind: 'aborted', error: signal.reason as unknown });
    return new Promise((resolve) => {
      const cancel = this.#clock.after(idleMs, () => settle({ kind: 'idle' }));
      const onAbort = (): void => settle({ kind: 'aborted', error: signal.reason as unknown });
      const settle = (step: Step<Event>): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        resolve(step);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const pending = this.#ask();
      this.#wake = () => pending.step !== undefined && settle(pending.step);
      this.#wake();
    });
  }

  /** Requests the next event, unless already requested. */
  #ask(): { step?: Step<Event> } {
    if (this.#pending !== undefined) return this.#pending;
    const pending: { step?: Step<Event> } = {};
    const end = (step: Step<Event>): void => {
      pending.step = step;
      this.#wake();
    };
    this.#iterator.next().then(
      (result) => end(result.done === true ? { kind: 'ended' } : { kind: 'event', event: result.value }),
      (error: unknown) => end({ kind: 'failed', error }),
    );
    return (this.#pending = pending);
  }

  /** Consumes the event that {@link wait} returned. */
  take(): void {
    this.#pending = undefined;
  }

  /** Ends the stream's iterator without waiting for it, because it may hang. */
  close(): void {
    this.#iterator.return?.().catch(() => undefined);
  }
}
